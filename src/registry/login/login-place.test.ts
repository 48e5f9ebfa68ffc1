// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { parseLoginPlace } from "./login-place.ts";

describe("what a login is for", () => {
  it.each([
    ["ghcr.io", "ghcr.io", ""],
    ["GHCR.io/", "ghcr.io", ""],
    ["localhost:5000", "localhost:5000", ""],
    ["r.example/team/app", "r.example", "team/app"],
    ["[::1]:5000/team/", "[::1]:5000", "team"],
  ])("%s is %s, path %j", (text, host, path) => {
    expect(parseLoginPlace(text)).toEqual({ host, path });
  });

  it.each([
    ["https://ghcr.io", "Leave out https://, and write ghcr.io."],
    ["http://u:s3cret@r.example:5000/v2/", "Leave out http://, and write r.example:5000."],
    ["me@ghcr.io", "The user is named by -u."],
    ["ghcr.io/team:latest", "A login is for all tags: leave out the tag or digest."],
  ])("%s is a mistake that is answered", (text, hint) => {
    expect(() => parseLoginPlace(text)).toThrow(
      expect.objectContaining({ code: "invalid-reference", hint }) as Error,
    );
  });

  it.each(["", "/", "a b", "ghcr.io/Team", "ghcr.io//x", "r.example:port"])(
    "%j is refused",
    (text) => {
      expect(() => parseLoginPlace(text)).toThrow(/expected/);
    },
  );

  it("is not shown when it is a URL with a password in it", () => {
    expect(() => parseLoginPlace("https://u:s3cret@r.example")).not.toThrow(/s3cret/);
    expect(() => parseLoginPlace("u:s3cret@r.example")).not.toThrow(/s3cret/);
  });
});
