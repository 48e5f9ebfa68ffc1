// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProject, type JsonRan, type Project } from "../../../test/fixtures/project.ts";

let project: Project;
beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

interface Report {
  readonly repository?: string;
  readonly probes: readonly { readonly name: string; readonly outcome: string }[];
  readonly habits: { readonly chunks: object };
}

const host = (): string => project.repository.replace(/\/.*/, "");

describe("doctor", () => {
  it("shows what a registry answers, a line a question", async () => {
    const { status, stdout } = await project.run("doctor", host());
    expect(stdout).toMatch(/^ {2}version +yes +http, status 200/m);
    expect(stdout).toMatch(/^ {2}mount +not asked +needs a repository: HOST\/REPO$/m);
    expect(stdout).toMatch(/^known of this registry:\n {2}uploads +one PUT, or chunks from/m);
    expect(status).toBe(0);
  });

  it("asks the configured repository, and writes only where it is told to", async () => {
    const read = (await project.json("doctor")) as JsonRan<Report>;
    expect(`${host()}/${read.document.repository}`).toBe(project.repository);
    expect(read.document.probes.find(({ name }) => name === "upload")?.outcome).toBe("not-asked");
    const written = (await project.json("doctor", "--write")) as JsonRan<Report>;
    expect(written.document.probes.find(({ name }) => name === "upload")?.outcome).toBe("yes");
    expect(written.document.habits.chunks).toMatchObject({ use: "large" });
  });

  it.each([
    ["ghcr", /expected host\/repository:tag/],
    ["http://localhost:5000", /reference: expected/],
    ["127.0.0.1:1", /Nothing listens at 127\.0\.0\.1:1/],
  ])("says what is wrong with %s", async (word, message) => {
    const { status, stderr } = await project.run("doctor", word);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
  });
});
