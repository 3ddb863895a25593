//! Dumps of databases: statements that hold records, which no reader takes apart.

use super::error::{InputError, InputErrorKind as Kind};
use super::size;

/// How much of a source is looked at.
pub(super) const SAMPLE: usize = size(16 * 1024, 256);

/// How the first statement of a dump begins, in small letters with single spaces.
#[rustfmt::skip]
const STATEMENTS: &[&str] = &[
    "create table ", "create database ", "create schema ", "create temporary table ", "insert into ", "insert ignore into ", "insert [",
    "replace into ", "pragma ", "begin transaction", "begin;", "start transaction", "drop table ", "drop database ", "alter table ",
    "lock tables ", "set names ", "set @", "set session ", "set time_zone", "set sql_mode", "set autocommit", "set foreign_key_checks",
    "set statement_timeout", "set client_encoding", "set search_path", "set standard_conforming_strings", "set default_",
    "set ansi_nulls", "set quoted_identifier", "set identity_insert", "set nocount", "select pg_catalog.", "use `", "use [",
    "truncate table ", "\\connect ", "\\restrict ",
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
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line == "--" {
            continue;
        }
        // Statements in comments, for MySQL alone: `/*!40101 SET NAMES utf8 */`.
        if line.starts_with("/*!") || line.starts_with("/*m!") {
            return true;
        }
        let is_comment = ["--", "/*", "#", "*"].iter().any(|mark| line.starts_with(mark));
        if is_comment {
            if TITLES.iter().any(|title| line.contains(title)) {
                return true;
            }
            continue;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let statement = words.join(" ") + " ";
        let is_copy = statement.starts_with("copy ") && statement.contains(" from stdin");
        return is_copy || STATEMENTS.iter().any(|start| statement.starts_with(start));
    }
    false
}

/// The refusal, with the usual ways to an export.
pub(super) fn refusal(file: &str) -> InputError {
    InputError::new(Kind::Format, file, "this is an SQL dump, not an export as CSV or JSON").hint(
        "export the table itself, as CSV with a header or as JSON:\n  \
         psql -c \"\\copy (SELECT * FROM users) TO 'users.csv' CSV HEADER\"\n  \
         sqlite3 -header -csv app.db 'SELECT * FROM users' > users.csv\n  \
         mysql -N -r -e \"SELECT JSON_OBJECT('id', id, 'email', email, …) FROM users\" app > users.jsonl",
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
        for text in [
            "uid,mail\n1,a@b.cn\n",
            "insert,update\n1,2\n",
            "copy,from stdin\n",
            "set,names\n",
            "#id,name\n1,zhang\n",
            "-- ,name\n1,zhang\n",
            "pragma,x\n",
            "",
        ] {
            assert!(!is_dump(text.as_bytes()), "{text}");
        }
    }
}
