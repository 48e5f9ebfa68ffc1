// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { waysFor } from "../upload/ways.ts";
import { DISTRIBUTION_2_8, KNOWN_HABITS } from "./known-habits.ts";
import { DEFAULT_HABITS, habitsOf, type HostHabits } from "./registry-habits.ts";

const MIB = 1024 ** 2;

describe("the habits of a registry", () => {
  it.each([
    ["ghcr.io", "GitHub's container registry"],
    ["docker.io", "Docker Hub"],
    ["quay.io", "Quay"],
    ["family.azurecr.io", "Azure's container registry"],
    ["public.ecr.aws", "Amazon's public container registry"],
    ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", "Amazon's container registry"],
    ["europe-docker.pkg.dev", "Google's Artifact Registry"],
    ["registry.gitlab.com:443", "GitLab's container registry"],
  ])("are known for %s", (host, name) => {
    expect(habitsOf(host, KNOWN_HABITS).name).toBe(name);
  });

  it.each([
    "registry.example:5000",
    "ghcr.io.example",
    "notghcr.io",
    "a.b.azurecr.io",
    "azurecr.io",
  ])("are those of any other for %s", (host) =>
    expect(habitsOf(host, KNOWN_HABITS)).toBe(DEFAULT_HABITS),
  );

  it("keep each number that was published", () => {
    const ghcr = habitsOf("ghcr.io", KNOWN_HABITS);
    expect(ghcr).toMatchObject({ blobBytes: 10 * 1024 ** 3, uploadTime: 600_000 });
    expect(ghcr.chunks.most).toBe(4 * MIB);
    expect(habitsOf("x.azurecr.io", KNOWN_HABITS).blobBytes).toBe(200 * 1024 ** 3);
    const ecr = "1.dkr.ecr.us-east-1.amazonaws.com";
    expect(habitsOf(ecr, KNOWN_HABITS)).toMatchObject({ blobBytes: 52_000 * MIB, pageSize: 1000 });
  });

  it("that a user gives count before what is known, and keep the defaults of the rest", () => {
    const own: HostHabits = { hosts: ["ghcr.io", "**.corp.example"], chunks: { use: "always" } };
    const { name, blobBytes, chunks, mounts } = habitsOf("ghcr.io", [own, ...KNOWN_HABITS]);
    expect({ name, blobBytes, mounts }).toEqual({
      name: "ghcr.io",
      blobBytes: undefined,
      mounts: true,
    });
    expect(chunks).toEqual({ ...DEFAULT_HABITS.chunks, use: "always" });
    expect(habitsOf("a.b.corp.example:5000", [own]).chunks.use).toBe("always");
  });

  it("of a kind of registry can be given to the hosts where it runs", () => {
    const own = { ...DISTRIBUTION_2_8, hosts: ["registry.example"] };
    expect(habitsOf("registry.example:5000", [own])).toMatchObject({
      name: "distribution 2.8",
      deletesTags: false,
    });
  });
});

describe("the ways to send a blob", () => {
  const of = (chunks: HostHabits["chunks"], size: number): ReturnType<typeof waysFor> =>
    waysFor(habitsOf("r.example", [{ hosts: ["r.example"], chunks }]), size);

  it("are one PUT, and above a size chunks", () => {
    expect(of({}, 1024 * MIB - 1).current).toEqual({ kind: "put" });
    expect(of({}, 1024 * MIB).current).toEqual({ kind: "chunks", length: 64 * MIB });
    expect(of({ use: "never" }, 1e12).current).toEqual({ kind: "put" });
    expect(of({ use: "always" }, 1).current).toEqual({ kind: "chunks", length: 64 * MIB });
  });

  it("lead from a PUT that is too large to chunks, to smaller chunks, and no further", () => {
    const ways = of({}, MIB);
    const tried = [413, 413, 413].map((status) => [ways.change(status), ways.current]);
    expect(tried).toEqual([
      [true, { kind: "chunks", length: 64 * MIB }],
      [true, { kind: "chunks", length: 4 * MIB }],
      [false, { kind: "chunks", length: 4 * MIB }],
    ]);
  });

  it("lead from chunks that are refused to one PUT, unless the registry takes nothing else", () => {
    const ways = of({}, 1024 * MIB);
    expect(ways.change(400)).toBe(true);
    expect(ways.current).toEqual({ kind: "put" });
    expect(ways.change(405)).toBe(false);
    expect(of({ use: "always" }, 1).change(400)).toBe(false);
  });

  it("do not change for an answer that no other way would change", () => {
    for (const status of [400, 409, 422, undefined]) expect(of({}, 1).change(status)).toBe(false);
    expect(of({ use: "never" }, 1).change(413)).toBe(false);
  });
});
