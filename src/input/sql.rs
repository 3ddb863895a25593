//! Dumps of databases: statements that hold records, which no reader takes apart.

use super::error::{InputError, InputErrorKind as Kind};
use super::size;
use crate::vocabulary::is_column_name;

/// How much of a source is looked at.
pub(super) const SAMPLE: usize = size(16 * 1024, 256);

/// Statements that are looked at behind the first: the work grows with every one.
const AHEAD: u8 = 2;

/// How the first statement of a dump begins, in the language of [`matches`]. Each names as much of a
/// statement as no header has: `create date`, `use case` and `begin;end` are names of columns.
#[rustfmt::skip]
const STATEMENTS: &[&str] = &[
    "insert ?low_priority|delayed|high_priority ?ignore ?all into N (|values|value|select|set|default|exec|overriding",
    "insert or replace|ignore|abort|fail|rollback into N (|values|select|default",
    "insert ?ignore N () values|select|output", "insert overwrite ?table N",
    "replace ?low_priority|delayed into N (|values|value|select|set", "upsert into N (|values|select", "merge ?into N using|as",
    "merge ?into N N using|on",
    "update N set N =", "delete from N where|END", "truncate ?table N END", "with N as (", "select * from N", "select pg_catalog.* (",
    "select set_config|setval|nextval (",
    "create ?or ?replace ?global|local ?temporary|temp|unlogged|external|virtual table ?if ?not ?exists N (|as|like|using|partition",
    "create ?or ?replace ?unique|clustered|nonclustered database|schema|user|role|login|extension|sequence|type|domain|view|function|procedure|trigger|index|tablespace \
     ?if ?not ?exists N END|(|with|owner|authorization|as|default|character|charset|collate|on|using|identified|for|start|increment|returns|encoding|before|after|/",
    "drop table|database|schema|view|index|sequence|trigger|procedure|function|type|user|role if exists",
    "drop table|database|schema|view|index|sequence|trigger|procedure|function|type|user|role N END|cascade|restrict|purge|on",
    "alter table|database|sequence|user|role|index|schema|type ?only ?if ?exists N \
     add|drop|owner|set|modify|rename|disable|enable|change|alter|engine|auto_increment|nocheck|with|check|default|order|character",
    "alter session set", "comment on table|column|schema|extension|database N is", "grant all|select|usage|execute|create|connect on|privileges|to",
    "copy N from stdin|program|S", "copy N () from stdin|program|S",
    "lock table|tables N write|read|as|in|local", "unlock tables END",
    "use N END", "go END", "begin ?transaction|tran|work END", "begin transaction|tran N END", "start transaction END|read|with|isolation", "commit ?work END",
    "savepoint N END", "pragma N =|(|END", "attach database N as", "delimiter $$*|/", "exec|execute sp_*|sys.*", "declare @*",
    "if object_id (", "if exists|db_id (", "if not exists ( select", "whenever sqlerror|oserror", "spool N END", "print N END", "print n S",
    "set N =", "set @*", "set names N END|collate", "set character set", "set search_path|client_encoding|role|schema to|N",
    "set session|local|global N =|to", "set session authorization", "set transaction isolation|read", "set sql dialect", "set constraints all",
    "set identity_insert N on|off", "set ansi_nulls|ansi_padding|ansi_warnings|quoted_identifier|nocount|xact_abort|arithabort on|off",
    "set define|feedback|echo|scan|verify|termout|heading|serveroutput|sqlblanklines|escape|autocommit|trimspool|timing on|off",
    "\\connect|\\c|\\restrict|\\unrestrict|\\set|\\pset|\\encoding|\\echo|\\i|\\ir|\\copy N|END|-",
];

/// What the comment says at the head of a dump, in small letters.
const TITLES: &[&str] = &[
    "mysql dump",
    "mariadb dump",
    "postgresql database dump",
    "phpmyadmin sql dump",
    "sql dump",
    "database dump",
    "adminer ",
    "heidisql",
];

/// Whether a source begins as dumps do: with a comment that says so, or with a statement.
pub(super) fn is_dump(sample: &[u8]) -> bool {
    let text = String::from_utf8_lossy(sample).to_lowercase();
    match tokens(&text) {
        Some(tokens) => is_statement(&tokens, AHEAD) && !is_header(&text),
        None => true,
    }
}

/// Whether the first line is rather a header: it has several cells, of which one is called as columns are,
/// and the next line is no SQL.
fn is_header(text: &str) -> bool {
    let mut lines = text.split(['\r', '\n']).filter(|line| !line.trim().is_empty());
    let Some(line) = lines.next() else { return false };
    let is_one = |delimiter: char| {
        let cells = cells(line, delimiter);
        cells.len() > 1 && cells.iter().any(|cell| is_column_name(cell.trim_matches([' ', '"'])))
    };
    // Behind the last cell there is nothing to separate: such a semicolon ends a statement.
    let is_ended = line.trim_end().ends_with(';');
    let has_cells =
        [',', ';', '\t', '|'].into_iter().any(|mark| (mark == ';' || !is_ended) && is_one(mark));
    has_cells && comment(line, true).is_none() && !lines.next().is_some_and(is_line_of_sql)
}

/// The cells of a line; what stands in parentheses is of one cell.
fn cells(line: &str, delimiter: char) -> Vec<&str> {
    let mut depth = 0_usize;
    line.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && c == delimiter
    })
    .collect()
}

/// Whether a line begins a statement or goes on with one.
fn is_line_of_sql(line: &str) -> bool {
    const GOES_ON: &[&str] =
        &["values", "value", "select", "set", "from", "where", "on", "using", "as", "with", "go"];
    let is_word = |word: &&str| {
        line.trim_start()
            .strip_prefix(word)
            .is_some_and(|rest| !rest.starts_with([',', ';', '\t', '|', '_']))
    };
    // Without its comments nothing may be left of it.
    tokens(line).is_none_or(|mut found| {
        found.push(Token::Newline);
        matches!(found[0], Token::Newline | Token::Mark('(' | ')'))
            || is_statement(&found, 0)
            || GOES_ON.iter().any(is_word)
    })
}

/// A piece of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A keyword or a name without quotes, with its dots.
    Word(&'a str),
    /// A name in quotes of any kind.
    Quoted,
    /// A text in single quotes.
    Text,
    Mark(char),
    /// A tab within a line, which rather separates the cells of a table than the words of a statement.
    Tab,
    Newline,
}

/// Takes a text in small letters apart, without its comments; nothing if a comment says that it is a dump.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_line_start = matches!(tokens.last(), None | Some(Token::Newline));
        if let Some((comment, behind)) = comment(rest, is_line_start) {
            let is_executable = comment.starts_with("/*!") || comment.starts_with("/*m!");
            let is_said = || is_executable || TITLES.iter().any(|title| comment.contains(title));
            let has_begun = tokens.iter().any(|token| *token != Token::Newline);
            if !has_begun && is_said() {
                return None;
            }
            rest = behind;
            continue;
        }
        let (token, len) = match first {
            '\n' | '\r' => (Some(Token::Newline), 1),
            '\t' if !is_line_start => (Some(Token::Tab), 1),
            _ if first.is_whitespace() => (None, first.len_utf8()),
            '\'' => (Some(Token::Text), quoted_len(rest, '\'')),
            _ => match name_len(rest) {
                0 => (Some(Token::Mark(first)), first.len_utf8()),
                len if rest.starts_with(['`', '"', '[']) => (Some(Token::Quoted), len),
                len => (Some(Token::Word(&rest[..len])), len),
            },
        };
        tokens.extend(token);
        rest = &rest[len..];
    }
    Some(tokens)
}

/// A comment at the start of a text, and what follows it. `#`, and the remarks and prompts of Oracle's
/// scripts, are comments only at the start of a line.
fn comment(text: &str, is_line_start: bool) -> Option<(&str, &str)> {
    let whole_line = || Some(text.split_at(text.find(['\r', '\n']).unwrap_or(text.len())));
    if text.starts_with("/*") {
        let end = text.find("*/").map_or(text.len(), |at| at + 2);
        return Some(text.split_at(end));
    }
    if text.starts_with("--") || (is_line_start && text.starts_with('#')) {
        return whole_line();
    }
    let is_remark = is_line_start
        && ["rem", "remark", "prompt"].iter().any(|word| {
            text.strip_prefix(word).is_some_and(|rest| rest.starts_with([' ', '\r', '\n']))
        });
    is_remark.then(whole_line)?
}

/// The length of what stands in quotes at the start of a text, with the quotes.
fn quoted_len(text: &str, close: char) -> usize {
    text[1..].find(close).map_or(text.len(), |at| at + 1 + close.len_utf8())
}

/// The length of the name at the start of a text: words and names in quotes, joined by dots.
fn name_len(text: &str) -> usize {
    let mut len = 0;
    while let Some(c) = text[len..].chars().next() {
        len += match c {
            '`' | '"' => quoted_len(&text[len..], c),
            '[' => quoted_len(&text[len..], ']'),
            _ if c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '@' | '.') => c.len_utf8(),
            '\\' if len == 0 => 1,
            _ => break,
        };
    }
    len
}

/// Whether the tokens begin with a statement. So many statements that follow are looked at where the end of
/// this one depends on them.
fn is_statement(tokens: &[Token<'_>], ahead: u8) -> bool {
    let start = tokens.iter().position(|token| !matches!(token, Token::Newline | Token::Mark('/')));
    let tokens = start.map_or(&[][..], |start| &tokens[start..]);
    STATEMENTS.iter().any(|pattern| matches(tokens, pattern, ahead))
}

/// Whether the tokens begin as the pattern says: words of which `|` separates several, after `?` one that
/// may be missing, before `*` one that goes on; `N` for a name, `S` for a text, `()` for what stands in
/// parentheses, `END` for the end of a statement.
fn matches(tokens: &[Token<'_>], pattern: &str, ahead: u8) -> bool {
    let mut rest = tokens;
    for part in pattern.split_whitespace() {
        let behind_lines = without_newlines(rest);
        match part.strip_prefix('?') {
            Some(optional) => rest = one_of(behind_lines, optional, ahead).unwrap_or(rest),
            None => match one_of(rest, part, ahead).or_else(|| one_of(behind_lines, part, ahead)) {
                Some(behind) => rest = behind,
                None => return false,
            },
        }
    }
    true
}

fn without_newlines<'a, 't>(tokens: &'a [Token<'t>]) -> &'a [Token<'t>] {
    let start = tokens.iter().position(|token| *token != Token::Newline).unwrap_or(tokens.len());
    &tokens[start..]
}

/// What follows one of these parts; nothing if none of them is there.
fn one_of<'a, 't>(tokens: &'a [Token<'t>], parts: &str, ahead: u8) -> Option<&'a [Token<'t>]> {
    parts.split('|').find_map(|part| match (part, tokens) {
        ("END", _) => is_end(tokens, ahead).then_some(&[][..]),
        ("()", [Token::Mark('('), ..]) => behind_parentheses(tokens),
        ("N", [Token::Word(_) | Token::Quoted | Token::Text, rest @ ..])
        | ("S", [Token::Text, rest @ ..]) => Some(rest),
        (_, [Token::Word(word), rest @ ..]) => {
            let is_it = match part.strip_suffix('*') {
                Some(start) if !start.is_empty() => word.starts_with(start),
                _ => *word == part,
            };
            is_it.then_some(rest)
        }
        (_, [Token::Mark(mark), rest @ ..]) => part.chars().eq([*mark]).then_some(rest),
        _ => None,
    })
}

/// Whether a statement ends here: with a semicolon behind which the line ends or another one follows, or
/// with a line behind which another one follows. A semicolon may separate cells, too. Behind so many
/// statements any line ends one.
fn is_end(tokens: &[Token<'_>], ahead: u8) -> bool {
    match tokens {
        [Token::Mark(';')] | [Token::Mark(';'), Token::Newline, ..] => true,
        [Token::Mark(';') | Token::Newline, rest @ ..] => {
            ahead == 0 || is_statement(rest, ahead - 1)
        }
        _ => false,
    }
}

fn behind_parentheses<'a, 't>(tokens: &'a [Token<'t>]) -> Option<&'a [Token<'t>]> {
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') if depth == 1 => return Some(&tokens[i + 1..]),
            Token::Mark(')') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The refusal, with the usual ways to an export.
pub(super) fn refusal(file: &str) -> InputError {
    InputError::new(Kind::Format, file, "this is an SQL dump, not an export as CSV or JSON").hint(
        "export the table itself, as CSV with a header or as JSON:\n  \
         PostgreSQL: psql -c \"\\copy (SELECT * FROM users) TO 'users.csv' CSV HEADER\"\n  \
         SQLite: sqlite3 -header -csv app.db 'SELECT * FROM users' > users.csv\n  \
         MySQL: mysql -N -r -e \"SELECT JSON_OBJECT('id', id, 'email', email, …) FROM users\" app > users.jsonl",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dumps_are_known_by_how_they_begin() {
        for text in [
            "-- MySQL dump 10.13  Distrib 8.0.36\n--\n-- Host: localhost\n",
            "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n",
            "/*!40101 SET NAMES utf8 */;\n",
            "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n",
            "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n",
            "-- phpMyAdmin SQL Dump\n-- version 5.2.1\n",
            "CREATE  TABLE `users` (\n",
            "create table users(id int, name text);\n",
            "\n\nINSERT INTO users VALUES (1,'zhang','hunter2');\n",
            "-- users only\n\nINSERT INTO users (id) VALUES (1);",
            "COPY public.users (id, name) FROM stdin;\n1\tzhang\n",
            "# made by hand\nDROP TABLE IF EXISTS users;\n",
            "USE [app]\r\nGO\r\nSET ANSI_NULLS ON\r\n",
            "SET statement_timeout = 0;\n",
        ] {
            assert!(is_dump(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_first_line_of_a_dump_may_be_any_statement_or_comment() {
        for text in [
            "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n",
            "SET NAMES utf8mb4;\n",
            "SET NAMES 'utf8' COLLATE 'utf8_general_ci';",
            "BEGIN;\nINSERT INTO users VALUES (1);\n",
            "BEGIN; INSERT INTO users VALUES (1);",
            "begin\ninsert into users values (1)\n",
            "START TRANSACTION;\r\n",
            "START TRANSACTION READ ONLY;\n",
            "USE app;\nLOCK TABLES `users` WRITE;\n",
            "use app\ngo\ninsert into users values (1)\n",
            "GO\nCREATE TABLE [dbo].[users] (\n",
            "LOCK TABLES `users` WRITE;\n",
            "LOCK TABLE users IN SHARE MODE;\n",
            "DROP TABLE IF EXISTS `users`, `roles`;\n",
            "drop table users cascade;\n",
            "REPLACE INTO `users` VALUES (1,'zhang');\n",
            "INSERT IGNORE INTO `users` (`id`) VALUES (1);\n",
            "INSERT OR REPLACE INTO users VALUES (1);\n",
            "INSERT INTO\n  users\n\t(id, name)\nVALUES\n",
            "INSERT [dbo].[users] ([id], [name]) VALUES (1, N'zhang')\n",
            "INSERT INTO \"public\".\"users\" VALUES (1);\n",
            "COPY public.users (id,\n name) FROM stdin;\n1\tzhang\n",
            "COPY users FROM stdin WITH CSV;\n",
            "\\connect app\n",
            "\\connect -reuse-previous=on \"dbname='app'\"\n",
            "\\c app\n",
            "\\set ON_ERROR_STOP on\n",
            "PRAGMA foreign_keys=OFF;\n",
            "PRAGMA foreign_keys;\n",
            "SET statement_timeout = 0;\n",
            "SET search_path TO public;\n",
            "SELECT pg_catalog.set_config('search_path', '', false);\n",
            "UPSERT INTO users VALUES (1);\n",
            "MERGE INTO users USING (SELECT 1 FROM dual) ON (1 = 1)\n",
            "MERGE users AS t USING (VALUES (1)) AS s ON t.id = s.id\n",
            "SET IDENTITY_INSERT [dbo].[users] ON\nGO\n",
            "REM INSERTING into EXPORT_TABLE\nSET DEFINE OFF;\nInsert into EXPORT_TABLE (ID) values (1);\n",
            "prompt Importing table users...\nset feedback off\nset define off\n",
            "PROMPT\r\ninsert into users (id) values (1);\r\n",
            "# users\n\n-- of today\nUPDATE users SET name = 'zhang' WHERE id = 1;\n",
            "/*\n Navicat Premium Data Transfer\n\n Source Server : app\n Date: 1/2/2024\n*/\n\nSET NAMES utf8mb4;\n",
            "/****** Object:  Table [dbo].[users] ******/\nSET ANSI_NULLS ON\nGO\n",
            "-- users\ncreate table if not exists users (id int);",
            "CREATE UNIQUE INDEX i ON users (id);\n",
            "CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;\n",
            "ALTER TABLE ONLY public.users ADD CONSTRAINT k PRIMARY KEY (id);\n",
            "delimiter $$\n",
            "EXEC sp_rename 'a', 'b'\n",
            "DELETE FROM users;\nINSERT INTO users VALUES (1);\n",
            "WITH u AS (SELECT 1) SELECT * FROM u;\n",
            "insert into users (id, name, email) values\n(1, 'a', 'b'),\n",
            "drop table if exists users, email;\n",
            "drop table if exists users, email\ngo\n",
            "-- uid, email\nset names utf8;\n",
            "update users set name = 'a', email\nwhere id = 1;\n",
            "set role id;uid;email\ninsert into users values (1);\n",
        ] {
            assert!(is_dump(text.as_bytes()), "{text}");
        }
    }

    /// It never ended, or ran out of stack, while each statement asked for the one behind it.
    #[test]
    fn any_number_of_statements_without_an_end_of_their_own_are_told_at_once() {
        for (text, expected) in [
            ("begin tran\ngo\n", true),
            ("use app;", true),
            ("begin ", false),
            ("begin;\t", false),
            ("insert into users\n", false),
        ] {
            assert_eq!(is_dump(text.repeat(6_000).as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn words_of_sql_are_names_of_columns_too() {
        for text in [
            "uid,mail\n1,a@b.cn\n",
            "insert,update\n1,2\n",
            "copy,from stdin\n",
            "set,names\n",
            "#id,name\n1,zhang\n",
            "-- ,name\n1,zhang\n",
            "pragma,x\n",
            "",
            "begin,end,uid\n1,2,3\n",
            "begin;end;uid\n1;2;3\n",
            "begin;uid\ninsert;1\n",
            "begin\n1\n2\n",
            "begin date,end date,uid,email\n",
            "begin transaction,uid\n",
            "go,uid,mail\n",
            "go\n1\n",
            "go;uid\n1;2\n",
            "use,uid\n",
            "use case,uid\n",
            "use case;uid\n1;2\n",
            "use case\n1\n",
            "use\tuid\n",
            "set\tnames\tuid\n",
            "set names\tuid\n",
            "set names,uid\n",
            "set name,uid\n",
            "insert\tinto\tuid\n",
            "insert into\tname\tuid\n",
            "insert into,uid\n",
            "insert into account,uid\n",
            "insert date (utc),uid,email\n",
            "set role id;uid;email\n",
            "set role id;uid;email\n1;2;a@b.cn\n",
            "create user id (utc),uid,email\n",
            "create user id (utc),uid,email\n2024-01-31,1,a@b.cn\n",
            "lock table time as,uid\n1,2\n",
            "use code;1\n",
            "use code;1\n2;3\n",
            "uid,note\n1,a\n/*!40101 x */,b\n",
            "insert date;uid\n",
            "insert|values|uid\n",
            "replace into,uid\n",
            "create table,uid\n",
            "create\ttable\tuid\n",
            "create user id,uid,email\n",
            "create user id;uid;email\n1;2;3\n",
            "create time,uid\n",
            "drop table,uid\n",
            "drop date;uid\n",
            "drop user id;uid\n1;2\n",
            "alter ego,uid,email\n",
            "lock tables,uid\n",
            "lock time,uid\n",
            "update time,uid,email\n",
            "update set,uid\n",
            "delete from,uid\n",
            "select,uid\n",
            "select one;uid\n1;2\n",
            "select color (rgb),uid\n",
            "merge into,uid\n",
            "merge,into,uid\n",
            "upsert,uid\n",
            "copy of (id),uid\n",
            "copy,uid\n",
            "commit,uid\n",
            "commit;uid\n1;2\n",
            "comment on account,uid,email\n",
            "grant date,uid\n",
            "rem,prompt,uid\n",
            "rem id,uid,email\n1,2,3\n",
            "prompt text;uid\n1;2\n",
            "print name,uid\n",
            "delimiter,uid\n",
            "delimiter;uid;mail\n1;2;3\n",
            "with care,uid\n",
            "truncate table,uid\n",
            "start transaction,uid\n",
            "\\N\t1\tzhang\n",
            "\\N,1,zhang\n",
            "\"insert into users values (1)\",uid\n",
            "'begin';'end'\n",
        ] {
            assert!(!is_dump(text.as_bytes()), "{text}");
        }
    }
}
