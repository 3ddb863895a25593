'use strict';
// bcrypt: `$2a$`, `$2b$`, `$2y$` (the same for every password without a zero byte), Django's
// `bcrypt$$2b$…` and `bcrypt_sha256$$2b$…`. `$2x$` marks hashes of a faulty program: a wrong
// password could match one, so none is accepted.

const { LIMITS, sameText, digest } = require('./common');
const { bcrypt } = require('hash-wasm/dist/bcrypt.umd.min.js');

const FORM = /^\$2[aby]\$([0-9]{2})\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/;
// bcrypt's own order of base64's letters.
const LETTERS = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function translate(text, from, to) {
  return [...text].map((letter) => to[from.indexOf(letter)]).join('');
}

// Whether `bytes`, as they are, belong to the modular string.
async function matches(bytes, modular) {
  const m = FORM.exec(modular);
  if (!m) return false;
  const cost = Number(m[1]);
  if (cost < 4 || cost > LIMITS.bcrypt_cost) return false;
  if (bytes.length === 0 || bytes.includes(0)) return false;
  const derived = await bcrypt({
    password: bytes.subarray(0, 72), // bcrypt has never looked further
    // Old libraries leave random bits in the last letter of the salt; decoding drops them.
    salt: Buffer.from(translate(m[2], LETTERS, STANDARD), 'base64'),
    costFactor: cost,
    outputType: 'binary',
  });
  const hash = Buffer.from(derived.subarray(0, 23)).toString('base64').replace('=', '');
  return sameText(translate(hash, STANDARD, LETTERS), m[3]);
}

module.exports = {
  name: 'bcrypt',
  matches,

  recognises(stored) {
    return /^(bcrypt(_sha256)?\$)?\$2[abxy]\$/.test(stored);
  },

  async verify(password, stored) {
    if (stored.startsWith('bcrypt_sha256$')) {
      const inner = digest('sha256', password).toString('hex');
      return matches(Buffer.from(inner), stored.slice('bcrypt_sha256$'.length));
    }
    return matches(Buffer.from(password, 'utf8'), stored.replace(/^bcrypt\$/, ''));
  },
};
