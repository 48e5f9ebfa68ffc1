// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createImagesProject, type ImagesProject } from "../../../test/fixtures/images-project.ts";
import type { Ran } from "../../../test/fixtures/project.ts";
import { fakeTerminal } from "../../../test/fixtures/fake-terminal.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../../testing/faulty-registry.ts";

const PASSWORD = "c4n4ry s3cret";
const BASIC = `Basic ${Buffer.from(`me:${PASSWORD}`).toString("base64")}`;

let project: ImagesProject;
let registry: FaultyRegistry;
let host: string;
let config: string;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  project = await createImagesProject();
  registry = await startFaultyRegistry();
  host = registry.host;
  env = { HOME: project.directory, XDG_RUNTIME_DIR: project.directory };
  config = join(project.directory, ".docker/config.json");
  registry.rule({
    on: "GET /v2/",
    reply: ({ headers }) =>
      headers["authorization"] === BASIC
        ? answer(200)
        : answer(401, { "www-authenticate": 'Basic realm="r"' }),
  });
});
afterEach(async () => {
  await registry.close();
  await project.remove();
});

function pipe(text: string, ...words: string[]): Promise<Ran> {
  return project.runWith({ env, stdin: Readable.from([Buffer.from(text)]) }, ...words);
}

const toStdin = (): string[] => ["login", host, "-u", "me", "--password-stdin"];

describe("login", () => {
  it("takes the password from stdin, without the line's end, and says where it is kept", async () => {
    for (const end of ["", "\n", "\r\n"]) {
      const { status, stdout } = await pipe(PASSWORD + end, ...toStdin());
      expect(stdout).toBe(`logged in to ${host} as me; kept in ${config}, readable by its owner\n`);
      expect(status).toBe(0);
    }
  });

  it("asks on a terminal, and does not show the password", async () => {
    const { stdin, written } = fakeTerminal(["me\n", `${PASSWORD}\r`]);
    const { status, stderr } = await project.runWith({ env, stdin }, "login", host);
    expect(stderr).toBe(`User name at ${host}: Password of me: \n`);
    expect(status).toBe(0);
    expect(written).toEqual(["cooked", "cooked", "raw", "cooked"]);
    expect(readFileSync(config, "utf8")).toContain(BASIC.slice("Basic ".length));
  });

  it("that is refused keeps nothing, says so, and ends with 1", async () => {
    const { status, stderr, stdout } = await pipe("wrong", ...toStdin(), "--json");
    expect(stderr).toContain("Are the user name and the password right?");
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "unauthorized" } });
    expect(status).toBe(1);
    expect(existsSync(config)).toBe(false);
  });

  it("warns where nobody asked for the credentials", async () => {
    registry.rule({ on: "GET /v2/", reply: answer(200) });
    const { status, stderr } = await pipe(PASSWORD, ...toStdin());
    expect(stderr).toContain(`${host} asked for no credentials: they could not be checked`);
    expect(status).toBe(0);
  });

  it("is stopped by Ctrl-C like any command", async () => {
    const { stdin, written } = fakeTerminal(["\u0003"]);
    const { status } = await project.runWith({ env, stdin }, "login", host, "-u", "me");
    expect(status).toBe(130);
    expect(written.at(-1)).toBe("cooked");
  });
});

it("login that is stopped while it asks ends at once, and gives the terminal back", async () => {
  const { stdin, written } = fakeTerminal(["half"]);
  const stop = new AbortController();
  const signal = stop.signal;
  const running = project.runWith({ env, stdin, signal }, "login", host, "-u", "me");
  await expect.poll(() => written).toEqual(["raw"]);
  stop.abort(new Error("stopped by SIGTERM"));
  expect((await running).status).toBe(130);
  expect(written).toEqual(["raw", "cooked"]);
});

describe("a mistake at login is told, and what to do:", () => {
  it.each([
    [["-p", PASSWORD], "--password-stdin < FILE"],
    [[`--password=${PASSWORD}`], "stays in the shell's history"],
    [[`-p${PASSWORD}`], "stays in the shell's history"],
    [[`--pasword=${PASSWORD}`], "unknown option '--pasword'"],
    [["-u", "me"], "there is no terminal to ask for the password on"],
    [["--password-stdin"], "the user name is missing"],
    [["-u", "me", "--password-stdin"], "expected one, got an empty one"],
    [["-u", `me:${PASSWORD}`, "--password-stdin"], "without colons"],
  ])("%j", async (words, told) => {
    const { status, stderr, stdout } = await pipe("", "login", host, ...words, "--json");
    expect(stderr).toContain(told);
    expect(status).toBe(1);
    expect(stderr + stdout).not.toContain("c4n4ry");
    expect(registry.requests).toEqual([]);
  });

  it("a scheme before the host", async () => {
    const { stderr } = await pipe("", "login", "https://ghcr.io", "-u", "me");
    expect(stderr).toContain("Leave out https://, and write ghcr.io.");
  });

  it("a host where nothing listens", async () => {
    await registry.close();
    const { status, stderr } = await pipe(PASSWORD, ...toStdin());
    expect(stderr).toContain("Nothing listens at");
    expect(status).toBe(1);
    registry = await startFaultyRegistry();
  });

  it("--password-stdin where a terminal is, which would show the password", async () => {
    const { stdin } = fakeTerminal([]);
    const { status, stderr } = await project.runWith({ env, stdin }, ...toStdin());
    expect(stderr).toContain("stdin is a terminal, which shows what is typed");
    expect(status).toBe(1);
  });
});

describe("logout", () => {
  it("says where it erased, what stays, and that there was nothing", async () => {
    await pipe(PASSWORD, ...toStdin());
    await pipe(PASSWORD, "login", `${host}/team`, "-u", "me", "--password-stdin");
    const first = await pipe("", "logout", host);
    expect(first.stdout).toBe(`erased ${host} from ${config}\n`);
    expect(first.stderr).toContain(`${config} still has an entry for ${host}/team`);
    const second = await pipe("", "logout", host);
    expect(second.stdout).toBe(`no credentials for ${host}: nothing to erase\n`);
    expect(second.status).toBe(0);
  });
});

it("completion offers the registries that there are credentials for, and no way to give a password", async () => {
  await pipe(PASSWORD, ...toStdin());
  for (const command of ["login", "logout"]) {
    const { stdout } = await pipe("", "__complete", "--", command, "127");
    expect(stdout).toBe(`${host}\n`);
  }
  expect((await pipe("", "__complete", "--", "login", "--pass")).stdout).toBe("--password-stdin\n");
});
