'use strict';
// PBKDF2. Django's `pbkdf2_sha256$600000$salt$base64`, Werkzeug's `pbkdf2:sha256:600000$salt$hex`
// (in both the salt is the text itself), passlib's `$pbkdf2-sha256$29000$salt$hash`, the PHC string
// format's `$pbkdf2-sha256$i=29000,l=32$salt$hash`, OpenLDAP's `{PBKDF2-SHA256}10000$salt$hash`,
// Atlassian's `{PKCS5S2}` with base64 of 16 bytes of salt and 32 of hash, and Spring Security's
// `{pbkdf2}` and `{pbkdf2@SpringSecurity_v5_8}` with hexadecimal digits of salt and hash.

const { LIMITS, base64, adaptedBase64, hex, decimal, pbkdf2Matches } = require('./common');

const PASSLIB = /^\$pbkdf2(-sha1|-sha256|-sha512)?\$([0-9]+)\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)$/;
const DJANGO = /^pbkdf2_(sha1|sha256|sha512)\$([0-9]+)\$([^$]+)\$([A-Za-z0-9+/]+={0,2})$/;
const WERKZEUG = /^pbkdf2:(sha1|sha256|sha512):([0-9]+)\$([^$]+)\$([0-9a-fA-F]+)$/;
const PHC = /^\$pbkdf2(-sha1|-sha256|-sha512)?\$i=([0-9]+)(?:,l=([0-9]+))?\$([A-Za-z0-9+/]*)\$([A-Za-z0-9+/]+)$/;
const DIRECTORY = /^\{PBKDF2(-SHA1|-SHA256|-SHA512)?\}([0-9]+)\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)$/i;
const SPRING = /^\{pbkdf2(@SpringSecurity_v5_8)?\}([0-9a-f]{80}|[0-9a-f]{96})$/i;
const ATLASSIAN = /^\{PKCS5S2\}([A-Za-z0-9+/]{64})$/i;

function parse(stored) {
  let m;
  if ((m = PHC.exec(stored))) {
    const hash = base64(m[5]);
    if (!hash || (m[3] !== undefined && Number(m[3]) !== hash.length)) return null;
    return { algorithm: m[1] ? m[1].slice(1) : 'sha1', iterations: m[2], salt: base64(m[4]), hash };
  }
  if ((m = DIRECTORY.exec(stored))) {
    const algorithm = m[1] ? m[1].slice(1).toLowerCase() : 'sha1';
    return { algorithm, iterations: m[2], salt: adaptedBase64(m[3]), hash: adaptedBase64(m[4]) };
  }
  if ((m = ATLASSIAN.exec(stored))) {
    const bytes = base64(m[1]);
    return { algorithm: 'sha1', iterations: '10000', salt: bytes.subarray(0, 16), hash: bytes.subarray(16) };
  }
  if ((m = SPRING.exec(stored))) {
    const bytes = hex(m[2]);
    const [algorithm, iterations, size] = m[1] ? ['sha256', '310000', 16] : ['sha1', '185000', 8];
    if (bytes.length !== size + 32) return null;
    return { algorithm, iterations, salt: bytes.subarray(0, size), hash: bytes.subarray(size) };
  }
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
    return /^(\$pbkdf2(-sha1|-sha256|-sha512)?\$|pbkdf2[_:](sha1|sha256|sha512)[$:]|\{PBKDF2(-SHA1|-SHA256|-SHA512|@SpringSecurity_v5_8)?\}|\{PKCS5S2\})/i.test(stored);
  },

  async verify(password, stored) {
    const parts = parse(stored);
    if (!parts || !parts.salt || !parts.hash) return false;
    const iterations = decimal(parts.iterations, LIMITS.pbkdf2_iterations);
    return iterations !== null && pbkdf2Matches(password, { ...parts, iterations });
  },
};
