// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { once, type Bytes } from "../bytes/bytes.ts";
import { replaceFile } from "./write-output.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-output-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("replaceFile", () => {
  it("puts a file in place of another, and leaves nothing beside it", async () => {
    const path = join(directory, "a");
    writeFileSync(path, "before");
    await replaceFile(path, once(Buffer.from("after")));
    expect(readFileSync(path, "utf8")).toBe("after");
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  it("leaves what was there when the bytes fail, or when it is aborted", async () => {
    const path = join(directory, "a");
    writeFileSync(path, "before");
    const failing = async function* (): Bytes {
      yield* once(Buffer.from("half"));
      throw new Error("damaged");
    };
    await expect(replaceFile(path, failing())).rejects.toThrow("damaged");
    const signal = AbortSignal.abort();
    const aborted = replaceFile(path, once(Buffer.from("half")), { signal });
    await expect(aborted).rejects.toMatchObject({ code: "aborted" });
    expect(readFileSync(path, "utf8")).toBe("before");
    expect(readdirSync(directory)).toEqual(["a"]);
  });

  it("says where it could not write", async () => {
    const path = join(directory, "no/such");
    await expect(replaceFile(path, once(Buffer.from("x")))).rejects.toMatchObject({
      code: "not-found",
    });
  });
});
