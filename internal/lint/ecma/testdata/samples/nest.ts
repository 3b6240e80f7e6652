import { Injectable, type CanActivate, Inject as I, type as as } from '@nestjs/common';
import type { Request, Response } from 'express';
import type X, { type Y } from 'z';
import fs = require('fs');
import Short = Long.Name.Space;
import type T1 = require('t');
export import Again = Short.Again;
export type { Request } from 'express';
export type * from './types';
export type * as types from './types';
export as namespace Lib;

declare module 'express' { interface Request { user?: Claims; token: string } export const x: number }
declare global { var secret: string; namespace NodeJS { interface Global { a: { b: c } } } }
declare const VERSION: string, OTHER: unique symbol;
declare function verify(token: string, cb?: (err: Error | null, c: Claims) => void): asserts token is 'a';
declare let one: number; declare class D<T> extends E<T> { private constructor(a?: string); m<K extends keyof T>(k: K): T[K]; get x(): number }
declare enum DE { A = 1 } declare namespace a.b.c { function f(): void }
abstract class Base<in out T = {}, const U extends readonly unknown[] = []> { abstract x: T; protected abstract m(): void; abstract get y(): U }

type Claims = { sub: string; exp?: number } & Partial<Record<'iss' | 'aud', string>>;
type Cond<T> = T extends string ? 'a' : T extends (infer U extends object)[] ? U : T extends `${infer A}-${string}` ? A : never
type Mapped<T> = { readonly [K in keyof T as `get${Capitalize<K & string>}`]-?: () => T[K] };
type Fn = new (...args: any[]) => object; type Abs = abstract new () => void
type Tup = [a: string, b?: number, ...rest: boolean[]]; type Imp = typeof import('x', { with: { 'resolution-mode': 'import' } }); type Q = import('y').Z<string>['k']
type Pred = (x: unknown) => x is string; type Neg = -1 | 1n | `a` | null | undefined; type Get = typeof a.b<string>;
interface Deep<T extends { a: '}' }> extends A.B<T>, C { <T>(x: T): T; new (x: any): Deep<any>; [k: string]: unknown; get a(): string; set a(v); m?(): void /* } */ }
enum Level { Low = 1, Mid = Low << 1, 'High' = "x".length, }
const enum Flag { A }
namespace N { export const a = f(1); export namespace M.O { class P {} } }
module Old { }

@Injectable() @Deco.path.to({ a: [1] }) @(make`x`)
export class JwtGuard<T extends object = any> extends AuthGuard('jwt')<T> implements CanActivate, On<T> {
  private readonly log = new Logger(JwtGuard.name); static #count: number = 0; declare foo: string; readonly!: string; x?: number; y!: string
  @Input() name: string; @Output({ a: 1 }) readonly out = new EventEmitter<string>(); @HostListener('a', ['$event']) onA(e) {}
  [key: string]: any; static readonly [k: number]: string; ['computed']?: string; accessor z = 1; static accessor w: number
  constructor(private readonly jwt: JwtService, @Inject(CONFIG) public config: Config<'a'>, @Optional() protected x?: string, readonly y = 1, ...rest: string[]) { super() }
  async canActivate(this: this, ctx: ExecutionContext): Promise<boolean> {
    const req = ctx.switchToHttp().getRequest<Request & { user: Claims }>();
    try { req.user = await this.jwt.verifyAsync<Claims>(req.token!, { secret: <string>process.env['SECRET'] as const }) } catch (e: unknown) { throw new UnauthorizedException((e as Error).message) }
    return !!req.user!.sub!;
  }
  over(a: string): void; over(a: number): void
  over(a: any) { return a satisfies unknown as any }
  get v(): string { return '' } set v(value: string) {} override async *g<T>(): AsyncGenerator<T> {} public static override async h() {}
  get; set; static; async; public; private = 1; type: string; declare; abstract() {} readonly() {} is<T>() {} out
}

let a = f<T>(x), b = f < T > x, c = new Map<string, Array<Array<number>>>(), d = g<A, B>`x`, e = h<T>, i = new J<K>;
let l = x as any as T[], m = y! + z!.a![0]!(), n = <T>(<any>q), o = (p as unknown)!;
let dd = a < b, c2 = d > e; if (a < b && c > d) { } let sh = a<b>>c, cmp = (a < b) > c
let arr = <T,>(x: T): x is T => x, arr2 = <T extends object = {}>(x: T) => { }, arr3 = async <T>(x: T): Promise<T> => await x, arr4 = <const T>(x: T) => x
let fn: (a: string, b?: number) => void = (a, b?) => { }, gen: <T>(x: T) => T, ctor: new () => X = Y, u: A | B & C[] = z, opt = (a?: string, { b, c }: { b: number; c: string } = d, [e]: [number] = [1], ...f: any[]): void => { }
let cond = a ? (b) : c => d, cond2 = a ? (b, c): d => e : f, cond3 = a ? (b): c => d : e, cond4 = a ? (x: number) => x : (y: number): string => y, cond5 = a ? async (b): Promise<c> => d : e
let cond6 = a ? b ? (c) : (d) : e, cond7 = x ? { y } : (z), cond8 = a ? (b) => (c) : d => e
let obj = { m<T>(x: T): T { return x }, async n(): Promise<void> { }, get p(): string { return '' }, q: <T>(x: T) => x, async: 1, [k as string]: 2 };
for (const x of <any[]>xs) { } for (const k in obj as any) { } for (let i: number = 0; i < n; i++) { }
function over(x: string): string; function over(x: any): any { return x }
function assertIs(x: unknown): asserts x is string { } function isThis(this: Foo): this is Bar { } function gen2<T, U = T>(a: T, b = <U>{}): T | U { }
export default abstract class Last<T> { }
export = Something;
let type = 1, declare = 2, namespace = 3, module_ = 4, abstract = 5, of = 6, as = 7, is = 8; type = 2; declare
namespace
abstract
x = a as unknown < b; let tpl: `a${string}-${number}` = `a`; let y1 = a! < b!, nn = a!.b!, z1 = a?.b!.c?.[d]!, z2 = a?.<T>(b), f1 = f<<T>(x: T) => T>(g)
var v1 = a satisfies B, v2 = { ...(a as B) }, v3 = [...<C>d], v4 = await_ as any, v5 = (a, b as C), v6 = typeof a as string, v7 = -a as number, v8 = a as number > 1
export const enum CE { A = 'a', B = A.length } export abstract class AC { } export declare function df(): void; export interface EI { } export type EA = string; export enum EE { } export namespace EN { } export default interface DI { }
