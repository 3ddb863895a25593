//! As much of GraphQL as a client of the API sends: one operation with one field, its arguments,
//! variables and selection. Hostile text gives an error, never a panic.

use super::directory::Fields;
use serde_json::{Map, Value};

/// Braces and brackets that may lie within each other.
const DEPTH_MAX: usize = 32;

/// A field of a document, its arguments with the variables filled in.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Field {
    /// What the reply calls it.
    pub(super) alias: String,
    pub(super) name: String,
    pub(super) args: Fields,
    pub(super) selection: Vec<Field>,
}

/// The one root field of a document.
#[derive(Debug, PartialEq)]
pub(super) struct Document {
    pub(super) mutation: bool,
    pub(super) field: Field,
}

/// Reads a document. The error is worded for the client.
pub(super) fn parse(query: &str, variables: &Fields) -> Result<Document, String> {
    let mut parser =
        Parser { tokens: tokens(query)?, at: 0, depth: 0, variables: variables.clone() };
    let document = parser.document()?;
    match parser.peek() {
        None => Ok(document),
        Some(token) => Err(unexpected(token)),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Punct(char),
    Name(String),
    Text(String),
    Number(String),
}

fn unexpected(token: &Token) -> String {
    match token {
        Token::Punct(c) => format!("Syntax Error: Unexpected \"{c}\"."),
        Token::Name(name) => format!("Syntax Error: Unexpected Name \"{name}\"."),
        Token::Text(_) => "Syntax Error: Unexpected String.".to_owned(),
        Token::Number(number) => format!("Syntax Error: Unexpected Int \"{number}\"."),
    }
}

fn tokens(query: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            ',' | '\u{feff}' => first.len_utf8(),
            c if c.is_whitespace() => c.len_utf8(),
            '_' | 'a'..='z' | 'A'..='Z' => {
                let length = span(rest, |c| c == '_' || c.is_ascii_alphanumeric());
                tokens.push(Token::Name(rest[..length].to_owned()));
                length
            }
            '-' | '0'..='9' => {
                let length = span(rest, |c| matches!(c, '-' | '+' | '.' | 'e' | 'E' | '0'..='9'));
                tokens.push(Token::Number(rest[..length].to_owned()));
                length
            }
            '"' => {
                let (text, length) = string(rest)?;
                tokens.push(Token::Text(text));
                length
            }
            '.' if rest.starts_with("...") => {
                return Err("Fragments are not known here.".to_owned());
            }
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '!' | '$' | '=' | '@' => {
                tokens.push(Token::Punct(first));
                1
            }
            c => return Err(format!("Syntax Error: Unexpected character: {c:?}.")),
        };
        rest = &rest[length..];
    }
    Ok(tokens)
}

fn span(text: &str, within: impl Fn(char) -> bool) -> usize {
    text.find(|c| !within(c)).unwrap_or(text.len())
}

/// A string literal at the start of `text`: its value and its length with the quotes. The escapes
/// are those of JSON.
fn string(text: &str) -> Result<(String, usize), String> {
    let unterminated = || "Syntax Error: Unterminated string.".to_owned();
    if let Some(rest) = text.strip_prefix("\"\"\"") {
        let end = rest.find("\"\"\"").ok_or_else(unterminated)?;
        return Ok((rest[..end].to_owned(), end + 6));
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => break,
            '"' => {
                let value = serde_json::from_str(&text[..=at])
                    .map_err(|_| "Syntax Error: Invalid character within String.".to_owned())?;
                return Ok((value, at + 1));
            }
            _ => {}
        }
    }
    Err(unterminated())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    variables: Fields,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, String> {
        let token = self.peek().cloned().ok_or("Syntax Error: Unexpected <EOF>.")?;
        self.at += 1;
        Ok(token)
    }

    fn accept(&mut self, punct: char) -> bool {
        let found = self.peek() == Some(&Token::Punct(punct));
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, punct: char) -> Result<(), String> {
        match self.next()? {
            Token::Punct(c) if c == punct => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.next()? {
            Token::Name(name) => Ok(name),
            other => Err(unexpected(&other)),
        }
    }

    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<T, String> {
        if self.depth == DEPTH_MAX {
            return Err("Syntax Error: nested too deeply.".to_owned());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn document(&mut self) -> Result<Document, String> {
        let mut mutation = false;
        if let Some(Token::Name(kind)) = self.peek() {
            mutation = match kind.as_str() {
                "query" => false,
                "mutation" => true,
                _ => return Err(unexpected(&self.next()?)),
            };
            self.at += 1;
            if let Some(Token::Name(_)) = self.peek() {
                self.at += 1;
            }
            self.variable_definitions()?;
        }
        let mut fields = self.selection()?;
        match (fields.pop(), fields.is_empty()) {
            (Some(field), true) => Ok(Document { mutation, field }),
            _ => Err("Exactly one field is answered at a time.".to_owned()),
        }
    }

    /// `($a: T! = 1, ...)`: only the defaults matter, types are checked by argument.
    fn variable_definitions(&mut self) -> Result<(), String> {
        if !self.accept('(') {
            return Ok(());
        }
        while !self.accept(')') {
            self.expect('$')?;
            let name = self.name()?;
            self.expect(':')?;
            while matches!(self.peek(), Some(Token::Punct('[' | ']' | '!') | Token::Name(_))) {
                self.at += 1;
            }
            if self.accept('=') {
                let default = self.value()?.unwrap_or(Value::Null);
                self.variables.entry(name).or_insert(default);
            }
        }
        Ok(())
    }

    fn selection(&mut self) -> Result<Vec<Field>, String> {
        self.deeper(|parser| {
            parser.expect('{')?;
            let mut fields = Vec::new();
            while !parser.accept('}') {
                fields.push(parser.field()?);
            }
            Ok(fields)
        })
    }

    fn field(&mut self) -> Result<Field, String> {
        let alias = self.name()?;
        let name = if self.accept(':') { self.name()? } else { alias.clone() };
        let mut args = Map::new();
        if self.accept('(') {
            while !self.accept(')') {
                let arg = self.name()?;
                self.expect(':')?;
                if let Some(value) = self.value()? {
                    args.insert(arg, value);
                }
            }
        }
        let selection =
            if self.peek() == Some(&Token::Punct('{')) { self.selection()? } else { Vec::new() };
        Ok(Field { alias, name, args, selection })
    }

    /// A value; `None` for a variable that was not given.
    fn value(&mut self) -> Result<Option<Value>, String> {
        Ok(Some(match self.next()? {
            Token::Punct('$') => {
                let name = self.name()?;
                return Ok(self.variables.get(&name).cloned());
            }
            Token::Punct('[') => self.deeper(Self::list)?,
            Token::Punct('{') => self.deeper(Self::object)?,
            Token::Text(text) => Value::from(text),
            Token::Number(number) => {
                serde_json::from_str(&number).map_err(|_| "Syntax Error: Invalid number.")?
            }
            Token::Name(name) => match name.as_str() {
                "true" => Value::from(true),
                "false" => Value::from(false),
                "null" => Value::Null,
                _ => Value::from(name),
            },
            other @ Token::Punct(_) => return Err(unexpected(&other)),
        }))
    }

    fn list(&mut self) -> Result<Value, String> {
        let mut items = Vec::new();
        while !self.accept(']') {
            items.extend(self.value()?);
        }
        Ok(Value::from(items))
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut fields = Map::new();
        while !self.accept('}') {
            let name = self.name()?;
            self.expect(':')?;
            if let Some(value) = self.value()? {
                fields.insert(name, value);
            }
        }
        Ok(Value::from(fields))
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use serde_json::json;

    fn variables(value: Value) -> Fields {
        let Value::Object(map) = value else { panic!("variables are an object") };
        map
    }

    #[test]
    fn the_vendors_way_to_write_it_is_read() {
        let query = "\n    mutation createUser($userInfo: CreateUserInput!, $params: String, \
            $keepPassword: Boolean = true) {\n  createUser(userInfo: $userInfo, params: $params, \
            keepPassword: $keepPassword) {\n    id\n    customData { key value }\n  }\n}\n    ";
        let document = parse(query, &variables(json!({"userInfo": {"email": "a"}}))).unwrap();
        assert!(document.mutation);
        assert_eq!(document.field.name, "createUser");
        let args = json!({"userInfo": {"email": "a"}, "keepPassword": true});
        assert_eq!(Value::Object(document.field.args), args);
        let names: Vec<_> = document.field.selection.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(names, ["id", "customData"]);
        assert_eq!(document.field.selection[1].selection.len(), 2);
    }

    #[test]
    fn literals_aliases_and_short_forms_are_read() {
        let query =
            r#"{ hit: findUser(email: "a\"b", n: -1.5, on: null, in: [1 {a: ENUM}]) { id } }"#;
        let document = parse(query, &Fields::new()).unwrap();
        assert!(!document.mutation);
        assert_eq!((&*document.field.alias, &*document.field.name), ("hit", "findUser"));
        let args = json!({"email": "a\"b", "n": -1.5, "on": null, "in": [1, {"a": "ENUM"}]});
        assert_eq!(Value::Object(document.field.args), args);
    }

    #[test]
    fn hostile_documents_are_refused() {
        let deep = "{a".repeat(5000);
        let lists = format!("{{a(b: {}", "[".repeat(5000));
        for query in [
            "",
            "{",
            "}",
            "{}",
            "{a",
            "{a b}",
            "{a(",
            "{a(b",
            "{a(b:",
            "{a(b:\"",
            "{a(b:$)}",
            "query",
            "mutation m($",
            "subscription {a}",
            "{...f}",
            "{a} {b}",
            "{a(b:1-2)}",
            "{a(b:\"\\q\")}",
            "{a(b:\"\"\"x)}",
            "é",
            "\u{0}",
            "{a(b:]}",
            &deep,
            &lists,
        ] {
            assert!(parse(query, &Fields::new()).is_err(), "{query:.40}");
        }
    }
}
