'use strict';
// Firebase's hashes with the project's parameters in them, as GoTrue (Supabase) takes them:
// `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=…$salt$hash`.

const { decimal } = require('./common');
const { either, matches } = require('./firebase');

const FORM = /^\$fbscrypt\$v=1,n=([0-9]{1,2}),r=([0-9]{1,3}),p=([0-9]{1,3})(?:,ss=([A-Za-z0-9+/]*={0,2}))?,sk=([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]*={0,2})\$([A-Za-z0-9+/]+={0,2})$/;

module.exports = {
  name: 'fbscrypt',

  recognises(stored) {
    return stored.startsWith('$fbscrypt$');
  },

  async verify(password, stored) {
    const m = FORM.exec(stored);
    if (!m) return false;
    const project = {
      mem_cost: decimal(m[1], 30), rounds: decimal(m[2], 999), base64_salt_separator: m[4] || '', base64_signer_key: m[5],
    };
    const p = decimal(m[3], 999);
    const salt = either(m[6]);
    const hash = either(m[7]);
    if (!project.mem_cost || !project.rounds || !p || !salt || !hash) return false;
    return (await matches(project, password, salt, hash, p)) === true;
  },
};
