'use strict';
// PBKDF2. Django's `pbkdf2_sha256$600000$salt$base64`, Werkzeug's `pbkdf2:sha256:600000$salt$hex`
// (in both the salt is the text itself), passlib's `$pbkdf2-sha256$29000$salt$hash`.

const { LIMITS, base64, adaptedBase64, hex, decimal, pbkdf2Matches } = require('./common');

const PASSLIB = /^\$pbkdf2(-sha1|-sha256|-sha512)?\$([0-9]+)\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)$/;
const DJANGO = /^pbkdf2_(sha1|sha256|sha512)\$([0-9]+)\$([^$]+)\$([A-Za-z0-9+/]+={0,2})$/;
const WERKZEUG = /^pbkdf2:(sha1|sha256|sha512):([0-9]+)\$([^$]+)\$([0-9a-fA-F]+)$/;

function parse(stored) {
  let m;
  if ((m = PASSLIB.exec(stored))) {
    return { algorithm: m[1] ? m[1].slice(1) : 'sha1', iterations: m[2], salt: adaptedBase64(m[3]), hash: adaptedBase64(m[4]) };
  }
  if ((m = DJANGO.exec(stored))) {
    return { algorithm: m[1], iterations: m[2], salt: Buffer.from(m[3], 'utf8'), hash: base64(m[4]) };
  }
  if ((m = WERKZEUG.exec(stored))) {
    return { algorithm: m[1], iterations: m[2], salt: Buffer.from(m[3], 'utf8'), hash: hex(m[4]) };
  }
  return null;
}

module.exports = {
  name: 'pbkdf2',

  recognises(stored) {
    return /^(\$pbkdf2(-sha1|-sha256|-sha512)?\$|pbkdf2[_:](sha1|sha256|sha512)[$:])/.test(stored);
  },

  async verify(password, stored) {
    const parts = parse(stored);
    if (!parts || !parts.salt || !parts.hash) return false;
    const iterations = decimal(parts.iterations, LIMITS.pbkdf2_iterations);
    return iterations !== null && pbkdf2Matches(password, { ...parts, iterations });
  },
};
