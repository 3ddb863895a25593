//! One hash for each password on standard input (a line each): `$pbkdf2-sha512$i=…,l=…$…$…`.

use pbkdf2::password_hash::{Ident, PasswordHasher as _, SaltString};
use pbkdf2::{Params, Pbkdf2};

fn main() {
    for (i, password) in std::io::stdin().lines().map_while(Result::ok).enumerate() {
        let (name, most) = [("pbkdf2-sha256", 32), ("pbkdf2-sha512", 64)][i % 2];
        let ident = Ident::new(name).unwrap();
        let params = Params { rounds: 1_000 + i as u32, output_length: if i % 3 == 2 { 32 } else { most } };
        let salt = SaltString::encode_b64(&[i as u8 ^ 0x5a; 16].map(|byte: u8| byte.wrapping_mul(7))).unwrap();
        let hash = Pbkdf2.hash_password_customized(password.as_bytes(), Some(ident), None, params, &salt);
        println!("{}", hash.unwrap());
    }
}
