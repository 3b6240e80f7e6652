import { ArgumentsHost, CanActivate, Catch, Controller, ExceptionFilter, ExecutionContext, Get, Injectable, Logger, Module, UnauthorizedException, UseGuards } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';

@Catch(UnauthorizedException)
export class UnauthorizedFilter implements ExceptionFilter {
  catch(exception: UnauthorizedException, host: ArgumentsHost) {
    const request = host.switchToHttp().getRequest();
    new Logger("auth").warn({ reason: exception.message, ip: request.ip, path: request.path, agent: request.headers["user-agent"] });
    host.switchToHttp().getResponse().status(401).json({ error: 'unauthorized' });
  }
}

@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly jwt: JwtService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest();
    try {
      request.user = await this.jwt.verifyAsync(request.headers.authorization, { secret: process.env.JWT_SECRET, algorithms: ['HS256'] });
    } catch (err) {
      throw new UnauthorizedException(err.message);
    }
    return true;
  }
}

@Controller('users')
@UseGuards(AuthGuard)
export class UsersController {
  @Get('me')
  me() {
    return {};
  }
}

@Module({ controllers: [UsersController], providers: [AuthGuard, { provide: APP_FILTER, useClass: UnauthorizedFilter }] })
export class AppModule {}

NestFactory.create(AppModule).then((app) => app.listen(3000));
