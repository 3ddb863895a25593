'use strict';
// What the two forms of Firebase's hashes share. scrypt makes a key, and with it the project's signer
// key is encrypted; that is the hash.

const crypto = require('crypto');
const { base64, sameBytes } = require('./common');
const { affordable, derive } = require('./scrypt');

// Firebase's command line writes base64's standard alphabet, its libraries the one for URLs.
function either(text) {
  return base64(text.replace(/-/g, '+').replace(/_/g, '/'));
}

// Whether the password makes `hash`; `project` holds the parameters, `p` is 1 but for other people's
// programs.
async function matches(project, password, salt, hash, p = 1) {
  const signerKey = either(project.base64_signer_key);
  const separator = either(project.base64_salt_separator);
  const cost = { n: 2 ** project.mem_cost, r: project.rounds, p };
  if (!signerKey || !separator || !affordable(cost)) return null;
  // The hash is as long as the signer key, or has been cut to its first 32 bytes.
  if (hash.length !== signerKey.length && hash.length !== 32) return false;
  const key = await derive(password, Buffer.concat([salt, separator]), 32, cost);
  const cipher = crypto.createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return sameBytes(cipher.update(signerKey).subarray(0, hash.length), hash);
}

module.exports = { either, matches };
