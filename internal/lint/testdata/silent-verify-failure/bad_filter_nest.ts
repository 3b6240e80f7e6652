import { ArgumentsHost, CanActivate, Catch, Controller, ExceptionFilter, ExecutionContext, Get, Injectable, Module, UnauthorizedException, UseGuards } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';

@Catch(UnauthorizedException)
export class UnauthorizedFilter implements ExceptionFilter {
  catch(exception: UnauthorizedException, host: ArgumentsHost) {
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
    } catch (err) { // want silent-verify-failure
      throw new UnauthorizedException();
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
