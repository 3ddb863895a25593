'use strict';
// crypt(3)'s MD5 (`$1$`) and Apache's (`$apr1$`), which differ in that word only.

const { digest, crypt64, cryptPassword, sameText } = require('./common');

const FORM = /^(\$1\$|\$apr1\$)([^$]{0,8})\$([./A-Za-z0-9]{22})$/;

function md5crypt(word, password, salt) {
  const inner = digest('md5', password, salt, password);
  const start = [password, word, salt];
  for (let left = password.length; left > 0; left -= 16) start.push(inner.subarray(0, Math.min(left, 16)));
  // Meant otherwise once, but this is what the first program did.
  for (let bits = password.length; bits > 0; bits >>>= 1) {
    start.push(bits & 1 ? Buffer.alloc(1) : password.subarray(0, 1));
  }
  let hash = digest('md5', ...start);
  for (let i = 0; i < 1000; i++) {
    const parts = [i % 2 ? password : hash];
    if (i % 3) parts.push(salt);
    if (i % 7) parts.push(password);
    parts.push(i % 2 ? hash : password);
    hash = digest('md5', ...parts);
  }
  const order = [12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11];
  return crypt64(Buffer.from(order.map((at) => hash[at])));
}

module.exports = {
  name: 'md5-crypt',

  recognises(stored) {
    return /^\$(1|apr1)\$/.test(stored);
  },

  async verify(password, stored) {
    const m = FORM.exec(stored);
    const bytes = cryptPassword(password);
    if (!m || !bytes) return false;
    return sameText(md5crypt(m[1], bytes, Buffer.from(m[2], 'utf8')), m[3]);
  },
};
