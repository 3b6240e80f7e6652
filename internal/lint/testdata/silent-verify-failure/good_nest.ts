import { CanActivate, Controller, ExecutionContext, Get, Injectable, Logger, Module, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';

@Injectable()
export class AuthGuard implements CanActivate {
  private readonly logger = new Logger(AuthGuard.name);

  constructor(private readonly jwt: JwtService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest();
    const header = request.headers.authorization;
    if (!header) {
      this.logger.warn({ reason: 'missing', ip: request.ip, path: request.path, agent: request.headers['user-agent'] });
      throw new UnauthorizedException();
    }
    try {
      request.user = await this.jwt.verifyAsync(header.slice(7), { secret: process.env.JWT_SECRET, algorithms: ['HS256'] });
    } catch (err) {
      this.logger.warn({ reason: err.name, ip: request.ip, path: request.path, agent: request.headers['user-agent'] });
      throw new UnauthorizedException();
    }
    return true;
  }
}

@Controller('users')
export class UsersController {
  @UseGuards(AuthGuard)
  @Get('me')
  me() {
    return {};
  }
}

@Module({ imports: [JwtModule.register({})], controllers: [UsersController], providers: [AuthGuard] })
export class AppModule {}

NestFactory.create(AppModule).then((app) => app.listen(3000));
