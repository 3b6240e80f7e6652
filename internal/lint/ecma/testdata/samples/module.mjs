import def, * as ns from 'a';
import { a, b as c, default as d, "string name" as e } from "b" with { type: "json" };
import 'side-effect';
import type from 'x';
import defer * as later from 'y';
export { a, c as default, e as "other name" };
export * from 'c'; export * as all from 'd';
export { x, y as z } from 'e';
export const one = 1, { two, three: [four] } = def;
export function* gen() { const x = yield; yield [x] }
export async function load() { await import('./f.js') }
export class K { static x = 1; #y() {} }
const config = await fetch(url), { json } = await (await fetch(url)).json();
if (await ready()) { await stop() }
export default async function () { return await 1 }
using file = open(); await using other = open();
for (using x of xs) { } for (await using y of ys) { }
const big = 1_000n ** 2n, s = '\x41', v = a?.[0]?.b.c?.d`t`;
{ function inner() {} }
a ||= b; a &&= c; a ??= d; a >>>= 1; a **= 2
x = a => b => ({ c }) => [d]
export { };
