// SPDX-License-Identifier: MIT
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { editCredentialFile } from "./edit-credential-file.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-edit-"));
  file = join(directory, "config.json");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function add(key: string, name = file): Promise<void> {
  return editCredentialFile({ name }, (entries) => {
    entries.set(key, { auth: "eDp5" });
    return true;
  });
}

const read = (): unknown => JSON.parse(readFileSync(file, "utf8"));

describe("editing a configuration file", () => {
  it("keeps everything else in it, and the order", async () => {
    const before = {
      psFormat: "table {{.ID}}",
      auths: { "o.example": { auth: "QUJD", email: "me@o.example" } },
      credHelpers: { "gcr.io": "gcloud" },
      proxies: { default: { httpProxy: "http://p:1" } },
      unknown: [1, 2.5, null, { deep: true }],
    };
    writeFileSync(file, JSON.stringify(before));
    await add("r.example");
    const auths = { ...before.auths, "r.example": { auth: "eDp5" } };
    expect(read()).toEqual({ ...before, auths });
    expect(Object.keys(read() as object)).toEqual(Object.keys(before));
  });

  it("makes it and its directory when they are not there, for their owner only", async () => {
    file = join(directory, "new/docker/config.json");
    await add("r.example");
    expect(read()).toEqual({ auths: { "r.example": { auth: "eDp5" } } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "new/docker")).mode & 0o777).toBe(0o700);
  });

  it("takes the permission to read from everybody else", async () => {
    writeFileSync(file, "{}");
    chmodSync(file, 0o644);
    await add("r.example");
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each(["", " \n", "null", "{}", '\uFEFF{"auths":null}', '{"Auths":{}}'])(
    "takes %j for one without entries",
    async (text) => {
      writeFileSync(file, text);
      await add("r.example");
      expect(Object.values(read() as object)).toEqual([{ "r.example": { auth: "eDp5" } }]);
    },
  );

  it("leaves a symbolic link to it in place, also one to nothing yet", async () => {
    mkdirSync(join(directory, "dotfiles"));
    symlinkSync("dotfiles/config.json", file);
    await add("r.example");
    await add("s.example");
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(read()).toEqual({
      auths: { "r.example": { auth: "eDp5" }, "s.example": { auth: "eDp5" } },
    });
  });

  it("many times at once loses nothing, and leaves nothing behind", async () => {
    const keys = Array.from({ length: 10 }, (_, at) => `r${at}.example`);
    await Promise.all(keys.map((key) => add(key)));
    expect(Object.keys((read() as { auths: object }).auths).sort()).toEqual(keys.sort());
    expect(readdirSync(directory)).toEqual(["config.json"]);
  });

  it("writes nothing when there is nothing to change", async () => {
    await editCredentialFile({ name: file }, () => false);
    expect(existsSync(file)).toBe(false);
  });
});

describe("a file that could not be written again without a loss", () => {
  it.each([
    ["not JSON", '{"auths": {"o.example": {"auth": "c2VjcmV0"'],
    ["a list", '["c2VjcmV0"]'],
    ["a key twice", '{"auths":{"c2VjcmV0":{}, "c2VjcmV0":{}}}'],
    ["a number beyond 2^53", '{"n":12345678901234567890,"x":"c2VjcmV0"}'],
    ["auths that is a list", '{"auths":["c2VjcmV0"]}'],
  ])("stays as it is, and the error does not show it: %s", async (_, text) => {
    writeFileSync(file, text);
    const failed = add("r.example");
    await expect(failed).rejects.toThrow(/config\.json/);
    await expect(failed).rejects.not.toThrow(/c2VjcmV0/);
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});

it("a directory in the way is an error that names it", async () => {
  mkdirSync(file);
  await expect(add("r.example")).rejects.toMatchObject({ code: "unreadable" });
  writeFileSync(join(directory, "file"), "");
  await expect(add("r.example", join(directory, "file/config.json"))).rejects.toThrow(
    /file\/config\.json/,
  );
});
