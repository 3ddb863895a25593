'use strict';
// Argon2, version 19: `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`, the numbers in any order; also
// argon2i and argon2d, and Django's form with `argon2` in front.

const { LIMITS, base64, decimal, sameBytes } = require('./common');
const argon2 = require('hash-wasm/dist/argon2.umd.min.js');

const FORM = /^(?:argon2)?\$argon2(id|i|d)\$v=19\$([mtp]=[0-9]+,[mtp]=[0-9]+,[mtp]=[0-9]+)\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2})$/;
const FUNCTIONS = { i: argon2.argon2i, d: argon2.argon2d, id: argon2.argon2id };

// { m, t, p } as texts, or null if one is missing.
function costs(list) {
  const found = Object.fromEntries(list.split(',').map((item) => item.split('=')));
  return Object.keys(found).length === 3 ? found : null;
}

module.exports = {
  name: 'argon2',

  recognises(stored) {
    return /^(argon2)?\$argon2(id|i|d)\$/.test(stored);
  },

  async verify(password, stored) {
    const m = FORM.exec(stored);
    if (!m) return false;
    const said = costs(m[2]);
    if (!said) return false;
    const memory = decimal(said.m, LIMITS.argon2_memory_kib);
    const passes = decimal(said.t, LIMITS.argon2_passes);
    const lanes = decimal(said.p, LIMITS.argon2_lanes);
    const salt = base64(m[3]);
    const hash = base64(m[4]);
    if (!memory || !passes || !lanes || !salt || !hash || memory < 8 * lanes) return false;
    if (memory * passes > LIMITS.argon2_memory_times_passes_kib) return false;
    if (salt.length < 8 || hash.length < 16 || hash.length > LIMITS.derived_bytes) return false;
    if (password === '') return false; // the library takes none
    const derived = await FUNCTIONS[m[1]]({
      password: Buffer.from(password, 'utf8'),
      salt,
      memorySize: memory,
      iterations: passes,
      parallelism: lanes,
      hashLength: hash.length,
      outputType: 'binary',
    });
    return sameBytes(Buffer.from(derived), hash);
  },
};
