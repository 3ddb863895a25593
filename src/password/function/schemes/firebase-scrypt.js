'use strict';
// Firebase: `$firebase-scrypt$salt$hash`, both as in its export. scrypt makes a key, and with it
// the project's signer key is encrypted; that is the hash. What belongs to the whole project
// stands in firebase.json beside index.js.

const crypto = require('crypto');
const { base64, sameBytes } = require('./common');
const { affordable, derive } = require('./scrypt');

const FORM = /^\$firebase-scrypt\$([A-Za-z0-9+/_-]*={0,2})\$([A-Za-z0-9+/_-]+={0,2})$/;

// Firebase's command line writes base64's standard alphabet, its libraries the one for URLs.
function either(text) {
  return base64(text.replace(/-/g, '+').replace(/_/g, '/'));
}

async function verifyWith(project, password, stored) {
  const m = FORM.exec(stored);
  const salt = m && either(m[1]);
  const hash = m && either(m[2]);
  if (!salt || !hash) return false;
  const signerKey = either(project.base64_signer_key);
  const separator = either(project.base64_salt_separator);
  const cost = { n: 2 ** project.mem_cost, r: project.rounds, p: 1 };
  if (!signerKey || !separator || !affordable(cost)) throw new Error('firebase.json is not usable');
  // The hash is as long as the signer key, or has been cut to its first 32 bytes.
  if (hash.length !== signerKey.length && hash.length !== 32) return false;
  const key = await derive(password, Buffer.concat([salt, separator]), 32, cost);
  const cipher = crypto.createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return sameBytes(cipher.update(signerKey).subarray(0, hash.length), hash);
}

module.exports = {
  name: 'firebase-scrypt',
  verifyWith,

  recognises(stored) {
    return stored.startsWith('$firebase-scrypt$');
  },

  async verify(password, stored) {
    // Read here: if the file is missing, only these users cannot log in.
    return verifyWith(require('../firebase.json'), password, stored);
  },
};
