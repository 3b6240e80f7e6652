import { Body, Controller, Module, Post, UnauthorizedException } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { ThrottlerGuard } from '@nestjs/throttler';
import { UseGuards } from '@nestjs/common';

@Controller('auth')
@UseGuards(ThrottlerGuard)
export class AuthController {
  constructor(private readonly jwt: JwtService) {}

  @Post('refresh') // want silent-refresh
  async refresh(@Body() body: { refreshToken: string }) {
    let claims: any;
    try {
      claims = await this.jwt.verifyAsync(body.refreshToken, { secret: process.env.REFRESH_SECRET, algorithms: ['HS256'] });
    } catch {
      throw new UnauthorizedException();
    }
    return { access: await this.jwt.signAsync({ sub: claims.sub }, { secret: process.env.ACCESS_SECRET, expiresIn: '15m' }) };
  }
}

@Module({ controllers: [AuthController] })
export class AppModule {}

NestFactory.create(AppModule).then((app) => app.listen(3000));
