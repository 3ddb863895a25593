'use strict';
// Firebase: `$firebase-scrypt$salt$hash`, both as in its export. What belongs to the whole project
// stands in firebase.json beside index.js.

const { either, matches } = require('./firebase');

const FORM = /^\$firebase-scrypt\$([A-Za-z0-9+/_-]*={0,2})\$([A-Za-z0-9+/_-]+={0,2})$/;

async function verifyWith(project, password, stored) {
  const m = FORM.exec(stored);
  const salt = m && either(m[1]);
  const hash = m && either(m[2]);
  if (!salt || !hash) return false;
  const verdict = await matches(project, password, salt, hash);
  if (verdict === null) throw new Error('firebase.json is not usable');
  return verdict;
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
