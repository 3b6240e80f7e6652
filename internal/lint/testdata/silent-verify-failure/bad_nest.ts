import { CanActivate, Controller, ExecutionContext, Get, Injectable, Module, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';

@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly jwt: JwtService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest();
    try {
      request.user = await this.jwt.verifyAsync(request.headers.authorization.slice(7), { secret: process.env.JWT_SECRET, algorithms: ['HS256'] });
    } catch { // want silent-verify-failure
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
