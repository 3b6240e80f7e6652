import { Body, Controller, Logger, Module, Post, UnauthorizedException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import * as bcrypt from 'bcrypt';
import { UsersService } from './users.service';

@Controller('auth')
export class AuthController {
  private readonly logger = new Logger(AuthController.name);

  constructor(private readonly jwt: JwtService, private readonly users: UsersService) {}

  @Post('login') // want no-login-rate-limit
  async login(@Body() body: { name: string; password: string }) {
    const user = await this.users.byName(body.name);
    if (!user || !(await bcrypt.compare(body.password, user.password))) {
      throw new UnauthorizedException();
    }
    this.logger.log({ event: 'token issued', sub: user.id });
    return { access: await this.jwt.signAsync({ sub: user.id }, { secret: process.env.ACCESS_SECRET, expiresIn: '15m' }) };
  }
}

@Module({ controllers: [AuthController] })
export class AppModule {}

NestFactory.create(AppModule).then((app) => app.listen(3000));
