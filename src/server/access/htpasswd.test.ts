// SPDX-License-Identifier: MIT
import { hashSync } from "bcryptjs";
import { describe, expect, it } from "vitest";
import { parseHtpasswd } from "./htpasswd.ts";

const parse = (text: string): ReturnType<typeof parseHtpasswd> =>
  parseHtpasswd(new TextEncoder().encode(text), "users");
const hash = hashSync("x", 4);

describe("an htpasswd file", () => {
  it("has a user a line, comments and empty lines between them, with either end of line", () => {
    const users = parse(`# ours\r\nalice:${hash}\r\n\r\nbob:${hash.replace("$2b$", "$2y$")}`);
    expect([...users.keys()]).toEqual(["alice", "bob"]);
    expect(users.get("alice")).toBe(hash);
    expect(parse("").size).toBe(0);
  });

  it.each([
    ["$apr1$abcdefgh$0123456789012345678901", "MD5 (apr1)"],
    ["{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "SHA-1"],
    ["$5$salt$hash", "SHA-256 (crypt)"],
    ["$6$salt$hash", "SHA-512 (crypt)"],
    ["$y$j9T$salt$hash", "yescrypt or scrypt"],
    ["$argon2id$v=19$m=65536$x$y", "Argon2"],
    ["rqXexS6ZhobKA", "DES (crypt)"],
    [hash.slice(0, -1), "a bcrypt hash that is cut short or has another form"],
    ["hunter2", "something unknown, or the password itself"],
    ["", "something unknown, or the password itself"],
  ])("with the hash %s is refused by the name of its kind: %s", (other, kind) => {
    const file = `alice:${hash}\nbob:${other}\n`;
    expect(() => parse(file)).toThrow(`users:2: user "bob" has no bcrypt hash but ${kind}`);
    expect(() => parse(file)).not.toThrow(/hunter2/);
  });

  it.each([
    ["a cost whose check takes seconds", `a:${hash.replace("$04$", "$15$")}`, /cost of 15/],
    ["no colon", "alice", /expected USER:HASH/],
    ["no name", `:${hash}`, /expected USER:HASH/],
    ["a user twice", `a:${hash}\na:${hash}`, /users:2: user "a" is there twice/],
    ["a name that rules use for everyone else", `anonymous:${hash}`, /a name that rules use/],
  ])("with %s is refused", (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
