// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import type { OciError } from "../../oci/errors.ts";
import { MediaType } from "../../oci/media-types.ts";
import {
  answer,
  bearerChallenge,
  startFaultyRegistry,
  type FaultyRegistry,
  type RecordedRequest,
} from "../../testing/faulty-registry.ts";
import { openRepository } from "../repository.ts";
import { openTransport } from "../transport/transport.ts";

let registry: FaultyRegistry;
let home: string;
let config: string;
beforeEach(async () => {
  registry = await startFaultyRegistry();
  home = mkdtempSync(join(tmpdir(), "oci-kit-refusals-"));
  config = join(home, ".docker/config.json");
  mkdirSync(join(home, ".docker"));
  for (const name of ["DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "DOCKER_AUTH_CONFIG"]) {
    vi.stubEnv(name, "");
  }
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_RUNTIME_DIR", home);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await registry.close();
  rmSync(home, { recursive: true });
});

const CANARY = "c4n4ry";
const ENCODED = Buffer.from(`someone:${CANARY}`).toString("base64");
const BASIC = answer(401, { "www-authenticate": 'Basic realm="r"' });
const blob = describeBytes(MediaType.octetStream, new Uint8Array(3));

function configure(entry: object): void {
  writeFileSync(config, JSON.stringify({ auths: { [registry.host]: entry } }));
}

/** The error of one request: whether a blob is there, or its content (an answer to HEAD has no words). */
async function refuse(method: "HEAD" | "GET" = "HEAD"): Promise<OciError> {
  const store = openRepository(
    { registry: registry.host, repository: "a/b" },
    { retry: { attempts: 1 } },
  );
  const asked = method === "HEAD" ? store.exists(blob) : readAll(store.fetch(blob), 100, "blob");
  return asked.then(
    () => expect.unreachable(),
    (error: unknown) => error as OciError,
  );
}

describe("a 401", () => {
  it("says where credentials were looked for, and what was found there", async () => {
    registry.rule({ on: /^HEAD/, reply: BASIC });
    writeFileSync(config, "{}");
    const { hint, details } = await refuse();
    expect(hint).toContain(`Looked in ${config} (no entry for ${registry.host})`);
    expect(hint).toContain(`there is no ${home}/containers/auth.json, no ${home}/.config`);
    expect(hint).toContain(`oci-kit login ${registry.host}`);
    expect(details).toMatchObject({ credentials: "not sent" });
    expect(details["looked"]).toHaveLength(4);
  });

  it("says whose credentials were sent, and where they came from", async () => {
    registry.rule({ on: /^HEAD/, reply: BASIC });
    configure({ auth: ENCODED });
    const { hint, details } = await refuse();
    expect(hint).toBe(
      `The credentials of "someone" (${config}) were sent and refused. Log in again: oci-kit login ${registry.host}`,
    );
    expect(details).toMatchObject({ credentials: "sent", username: "someone", source: config });
  });

  it("of the token endpoint says the same", async () => {
    registry.rule(
      { on: /^HEAD/, reply: bearerChallenge(`http://${registry.host}/token`) },
      { on: /^GET/, reply: answer(401) },
    );
    configure({ auth: ENCODED });
    expect((await refuse()).hint).toContain('The credentials of "someone"');
    configure({});
    expect((await refuse()).hint).toContain(`${config} (an empty entry for ${registry.host})`);
  });

  it("whose challenge can't be answered holds no connection: closing does not wait for the registry", async () => {
    const realm = `Bearer realm="http://${registry.host}/token"`;
    for (const [challenge, broken] of [
      ['Basic realm="r"', "{ broken"],
      [realm, "{}"],
    ] as const) {
      const reply = answer(401, { "www-authenticate": challenge }, "words that nobody reads");
      registry.rule({ on: /v2/, reply }, { on: /token/, reply: answer(200, {}, "<html>") });
      writeFileSync(config, broken);
      const transport = openTransport(registry.host, { retry: { attempts: 1 } });
      const request = { method: "GET", target: "/v2/", repository: "a/b", scopes: [] } as const;
      await expect(transport.send({ ...request, expect: [200] })).rejects.toThrow("expected");
      const waited = await Promise.race([transport.close().then(() => "closed"), sleep(2_000)]);
      expect(waited).toBe("closed");
    }
  });

  it("names the way to authenticate that is not known here", async () => {
    const challenge = { "www-authenticate": "Negotiate, NTLM" };
    registry.rule({ on: /^HEAD/, reply: answer(401, challenge) });
    expect((await refuse()).hint).toContain('wants to be shown "negotiate", "ntlm"');
  });
});

describe("a 403", () => {
  it("says whose credentials were sent", async () => {
    configure({ auth: ENCODED });
    const reply = ({ headers }: RecordedRequest) =>
      headers["authorization"] === undefined ? BASIC : answer(403);
    registry.rule({ on: /^(?:HEAD|GET)/, reply });
    const { hint } = await refuse();
    expect(hint).toBe(
      `The credentials of "someone" (${config}) were sent: they are known, but this is not allowed with them.`,
    );
  });

  it("says that none were sent: there were none, or nobody asked for them", async () => {
    registry.rule(
      { on: /^HEAD/, reply: bearerChallenge(`http://${registry.host}/token`) },
      { on: /^GET/, reply: answer(403) },
    );
    expect((await refuse()).hint).toContain("were found, none were sent");
    registry.rule({ on: /^(?:HEAD|GET)/, reply: answer(403) });
    configure({ auth: ENCODED });
    expect((await refuse()).hint).toBe(
      `No credentials were sent: ${registry.host} asked for none.`,
    );
  });
});

describe("a registry that repeats what it was sent", () => {
  /** An error that says everything of a request. */
  const repeat = ({ headers, body }: RecordedRequest) => {
    const sent = headers["authorization"] ?? "";
    const decoded = Buffer.from(sent.replace(/^Basic /, ""), "base64").toString();
    const message = `you sent ${sent}, ${decoded}, ${Buffer.from(body).toString()}`;
    return answer(403, {}, JSON.stringify({ errors: [{ code: "DENIED", message }] }));
  };
  /** With and without authorization, the challenge of each kind. */
  const guarded = (challenge: () => ReturnType<typeof answer>) => (request: RecordedRequest) =>
    request.headers["authorization"] === undefined ? challenge() : repeat(request);
  const realm = () => bearerChallenge(`http://${registry.host}/token`);

  it.each([
    ["the password", () => registry.rule({ on: /./, reply: guarded(() => BASIC) })],
    [
      "the token",
      () =>
        registry.rule(
          { on: /v2/, reply: guarded(realm) },
          { on: /token/, reply: answer(200, {}, JSON.stringify({ token: CANARY })) },
        ),
    ],
    [
      "the credentials of the token endpoint",
      () => registry.rule({ on: /v2/, reply: realm }, { on: /token/, reply: repeat }),
    ],
  ])("%s: no part of the error shows it", async (_, play) => {
    for (const entry of [{ auth: ENCODED }, { identitytoken: CANARY }]) {
      configure(entry);
      play();
      const error = await refuse("GET");
      const whole = JSON.stringify([error, error.message, error.stack, error.details, error.hint]);
      expect(whole).not.toContain(CANARY);
      expect(whole).not.toContain(ENCODED);
    }
  });
});
