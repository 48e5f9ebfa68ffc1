// SPDX-License-Identifier: MIT
import { statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { htpasswdLine, basic } from "../../../test/fixtures/guarded-registry.ts";
import { createProject, type Project } from "../../../test/fixtures/project.ts";
import { askRegistry } from "../../testing/ask-registry.ts";
import { startServing, type Serving } from "../../../test/fixtures/serving.ts";

let project: Project;
let serving: Serving | undefined;
beforeEach(async () => {
  project = await createProject();
  project.write("access.yaml", "rules: []\n");
});
afterEach(async () => {
  await serving?.stop();
  serving = undefined;
  await project.remove();
});

const begin = async (token: string, repository: string): Promise<number> => {
  const headers = { authorization: basic("token", token) };
  const path = `/v2/${repository}/blobs/uploads/`;
  return (await askRegistry(serving!.url, "POST", path, undefined, headers)).status;
};

describe("oci-kit token", () => {
  it("prints a token alone, which serve takes for what was allowed until it is revoked", async () => {
    serving = await startServing(project, "--access", "access.yaml");
    const allow = ["--allow", "team/app=pull,push", "--allow", "team/app-cache=*"];
    const { status, stdout, stderr } = await project.run("token", ...allow);
    expect([status, stderr]).toEqual([0, ""]);
    const token = stdout.trim();
    expect(token).toMatch(/^okt_[\w-]+\.[\w-]+$/);
    expect(await begin(token, "team/app")).toBe(202);
    expect(await begin(token, "team/app-cache")).toBe(202);
    expect(await begin(token, "team/other")).toBe(403);
    expect(statSync("out/registry.tokens.json").mode & 0o777).toBe(0o600);
    expect((await project.run("token", "--revoke", token)).status).toBe(0);
    expect(await begin(token, "team/app")).toBe(401);
    expect(serving.log()).toMatch(/ token:[0-9a-f]{12} POST \/v2\/team\/other\S* 403 DENIED/);
    expect(serving.log()).not.toContain(token);
  });

  it("keeps its key where --tokens says, for serve too", async () => {
    const tokens = ["--tokens", "keys.json"];
    serving = await startServing(project, "--access", "access.yaml", ...tokens);
    const { stdout } = await project.run("token", "--allow", "a=push", ...tokens);
    expect(await begin(stdout.trim(), "a")).toBe(202);
  });

  it.each([
    [[], "expected either --allow, --revoke or --revoke-all, got none of them"],
    [["--allow", "a=pull", "--revoke-all"], "got more than one"],
    [
      ["--allow", "team/app"],
      '--allow: expected REPOSITORY=ACTIONS, as team/app=pull,push, got "team/app"',
    ],
    [["--allow", "Team=pull"], 'got "Team"'],
    [["--allow", "a=admin"], 'expected actions (pull, push, delete), got "admin"'],
    [["--allow", "a=pull", "--expires", "soon"], "--expires: expected a duration"],
    [["--allow", "a=pull", "--expires", "0"], "--expires: expected at least 1s"],
    [["nowhere", "--allow", "a=pull"], '"nowhere": expected the directory that a registry serves'],
  ])("refuses %j", async (words, message) => {
    const { status, stderr } = await project.run("token", ...words);
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});

describe("oci-kit serve", () => {
  it("says at its start whether one has to sign in, and whether it is read-only", async () => {
    writeFileSync("users", htpasswdLine("alice"));
    serving = await startServing(project, "--htpasswd", "users");
    expect(serving.document).toMatchObject({ signIn: true, readOnly: false });
    expect((await askRegistry(serving.url, "GET", "/v2/")).status).toBe(401);
    const headers = { authorization: basic("alice") };
    const signedIn = await askRegistry(serving.url, "GET", "/v2/", undefined, headers);
    expect(signedIn.status).toBe(200);
    await serving.stop();
    serving = await startServing(project, "--read-only");
    expect(serving.document).toMatchObject({ signIn: false, readOnly: true });
  });

  it.each([
    [["--host", "0.0.0.0"], "expected a certificate (TLS) and users"],
    [["--host", "0.0.0.0", "--allow-plain-http"], "expected users where others"],
    [["--tls-cert", "cert.pem"], "--tls-cert: expected --tls-key with it"],
    [["--tls-key", "key.pem"], "--tls-key: expected --tls-cert with it"],
    [["--tls-cert", "no.pem", "--tls-key", "no.pem"], '"no.pem"'],
    [["--htpasswd", "access.yaml"], "access.yaml:1: user"],
    [["--access", "linux/oci-kit.yaml"], "oci-kit.yaml"],
    [["--tokens", "keys.json"], "expected --htpasswd or --access with it"],
    [["--read-only", "nowhere"], "no such directory"],
  ])("refuses %j", async (words, message) => {
    const { status, stderr } = await project.run("serve", "--port", "0", ...words);
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
  });
});
