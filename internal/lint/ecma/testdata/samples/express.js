#!/usr/bin/env node
'use strict';
const express = require('express'), jwt = require("jsonwebtoken");
const { promisify } = require('node:util');
const app = express();
let cache = new Map, hits = 0, ratio;

/* A handler that answers without a record. */
app.get('/me', function me(req, res, next) {
  const token = (req.headers.authorization || '').split(' ')[1];
  try {
    req.user = jwt.verify(token, process.env.SECRET, { algorithms: ['HS256'] });
    next();
  } catch (err) {
    return res.status(401).json({ error: err.message, ...extra });
  } finally { hits++; }
});

app.use((err, req, res, next) => { console.error(err); if (res.headersSent) return next(err); else res.sendStatus(500) });
app.post(`/refresh/${version}/x`, async (req, res) => {
  const verify = promisify(jwt.verify);
  const claims = await verify(req.body.token, key).catch(() => null);
  if (!claims) throw Object.assign(new Error('refused'), { status: 401 });
  for await (const part of claims.parts ?? []) cache.set(part.id, part);
  for (const [k, { v = 1, ...rest }] of Object.entries(claims)) ratio = k / v / rest.length;
  for (let i = 0, n = list.length; i < n; i++) { if (i in list) continue; else break }
  for (var name in claims) if (/[/"'`]+/g.test(name)) delete claims[name];
  for (let of of of) ;
  for (async of => 1; false; ) ;
  outer: while (true) { do { break outer } while (false) }
  switch (claims.typ) { case 'a': case 'b': return; default: res.end() }
  res.json({ token: await sign?.({ ...claims }), get now() { return Date.now() }, set now(v) {}, async *stream() { yield* parts; yield },
    [computed + 1]: 2, 'quoted': 0x1F, 12n: .5e-3, async, get, set, static: 1, if: 2, async if() {}, get() {}, async() {} });
})

var a = b
++c
var re = a / b / c, rx = a++ / 2, ry = (a) / 2, rz = [] / 1, r = x => /y/.test(x), not = !/=/.test(a)
var let_ = let
let
yes = 1
label: { break label }
var t = tag`a${`b${c}`}\`${d}`, u = (0, a.b)(), v = a?.b?.[c]?.(d) ?.5 : 1, w = a ?? b, y = a ** (-b) ** c
var f = async function* () { for (const x of await y) yield x }, g = async x => await x, h = async () => ({}), i = async (a, b) => {}
async(x, ...y), async
var o = { async, await: 1, yield: yield_ }, p = ((a, b) => a)(1, 2), q = function () { return new.target }
;[a, b = 1, ...c] = [b, a], { a, b: c.d = 1, ...e } = f
if (a) ; else if (b) { } else c()
a ? b : c ? (d, e) => f : (g) => ({ h })
x = a ? (b) : c => d
x = a < b || c > (d), x = a < b >> c > (d)
x = typeof void delete a.b, -+~!x--, i++ + +j
class A extends (B, C) { #p = 1; static #q; static { this.#q = await_ } constructor() { super(); super.x?.() } get [k]() { return #p in this }
  static async *gen() {} static; get; set;
  async
  x() {} accessor = 1; static async = 2; 'quoted' = 3; 4 = 5 }
var B = class extends A {}, C = class Named {}
import('x').then(m => m.default), import.meta
debugger
with (a) b
throw a
/* the end */ var \u0061bc = "\u{1F600}\
", ünï = 'x', 数 = 1; var z = a
  /re/g
