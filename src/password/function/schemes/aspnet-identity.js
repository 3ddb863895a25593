'use strict';
// ASP.NET Identity: base64 of a first byte 0 (PBKDF2-SHA1, 1,000 iterations), or 1 and a header
// that names function, iterations and length of the salt.

const { base64, pbkdf2Matches } = require('./common');

const FUNCTIONS = ['sha1', 'sha256', 'sha512'];

// { algorithm, iterations, salt, hash }, or null.
function parse(stored) {
  if (stored.length < 60 || !/^[A-Za-z0-9+/]+={0,2}$/.test(stored)) return null;
  const bytes = base64(stored);
  if (!bytes) return null;
  if (bytes[0] === 0 && bytes.length === 49) {
    return { algorithm: 'sha1', iterations: 1000, salt: bytes.subarray(1, 17), hash: bytes.subarray(17) };
  }
  if (bytes[0] !== 1 || bytes.length < 13 + 16 + 16) return null;
  const algorithm = FUNCTIONS[bytes.readUInt32BE(1)];
  const saltLength = bytes.readUInt32BE(9);
  if (!algorithm || saltLength < 16 || saltLength > bytes.length - 13 - 16) return null;
  return {
    algorithm,
    iterations: bytes.readUInt32BE(5),
    salt: bytes.subarray(13, 13 + saltLength),
    hash: bytes.subarray(13 + saltLength),
  };
}

module.exports = {
  name: 'aspnet-identity',

  recognises(stored) {
    return parse(stored) !== null;
  },

  async verify(password, stored) {
    const parts = parse(stored);
    return parts !== null && pbkdf2Matches(password, parts);
  },
};
