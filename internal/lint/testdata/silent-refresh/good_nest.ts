import { Body, Controller, Ip, Logger, Module, Post, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { ThrottlerGuard } from '@nestjs/throttler';

@Controller('auth')
@UseGuards(ThrottlerGuard)
export class AuthController {
  private readonly logger = new Logger(AuthController.name);

  constructor(private readonly jwt: JwtService) {}

  @Post('refresh')
  async refresh(@Body() body: { refreshToken: string }, @Ip() ip: string) {
    let claims: any;
    try {
      claims = await this.jwt.verifyAsync(body.refreshToken, { secret: process.env.REFRESH_SECRET, algorithms: ['HS256'] });
    } catch (err) {
      this.logger.warn({ event: 'refresh refused', reason: err.name, ip });
      throw new UnauthorizedException();
    }
    this.logger.log({ event: 'token refreshed', sub: claims.sub, ip });
    return { access: await this.jwt.signAsync({ sub: claims.sub }, { secret: process.env.ACCESS_SECRET, expiresIn: '15m' }) };
  }
}

@Module({ controllers: [AuthController] })
export class AppModule {}

NestFactory.create(AppModule).then((app) => app.listen(3000));
