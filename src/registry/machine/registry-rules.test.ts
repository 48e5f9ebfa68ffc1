// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatReference, parseReference } from "../../oci/reference.ts";
import { findRegistryRules } from "./find-registry-rules.ts";
import { parseRegistryRules } from "./parse-registry-rules.ts";
import { relocate, ruleFor } from "./registry-rules.ts";

const FILE = `
unqualified-search-registries = ["docker.io"]
[[registry]]
location = "registry.example"
insecure = true
[[registry]]
prefix = "registry.example/team"
location = "inner.example:5000/mirrored/"
mirror-by-digest-only = true
[[registry.mirror]]
location = "one.example/m"
[[registry.mirror]]
location = "two.example"
insecure = true
pull-from-mirror = "tag-only"
[[registry]]
prefix = "*.wild.example"
location = "tame.example"
[[registry]]
prefix = "*.kept.example"
[[registry]]
prefix = "registry.example/team/app:v1"
blocked = true
location = "x.example/app:v1"
`;
const rules = parseRegistryRules(FILE, "test.conf");

describe("the rule for a reference", () => {
  it.each([
    ["registry.example/other:v1", "registry.example"],
    ["registry.example/team/app:v2", "registry.example/team"],
    ["registry.example/team/app:v1", "registry.example/team/app:v1"],
    ["registry.example/team/app:v10", "registry.example/team"],
    ["registry.example/teams/app:v1", "registry.example"],
    ["a.wild.example/x", "*.wild.example"],
    ["a.b.wild.example/x", "*.wild.example"],
    ["wild.example/x", undefined],
    ["a.wild.example.org/x", undefined],
    ["other.example/a.wild.example/x", undefined],
    ["registry.example:5000/team/app", "registry.example"],
  ])("%s is %s", (text, prefix) => {
    expect(ruleFor(rules, parseReference(text))?.prefix).toBe(prefix);
  });
  it.each([
    ["registry.example/team/app:v2", "inner.example:5000/mirrored/app:v2"],
    ["a.b.wild.example/x/y:v1", "tame.example/x/y:v1"],
    ["a.kept.example/x/y:v1", "a.kept.example/x/y:v1"],
  ])("moves %s to %s", (text, expected) => {
    const reference = parseReference(text);
    const rule = ruleFor(rules, reference)!;
    expect(formatReference(relocate(reference, rule, rule.location))).toBe(expected);
  });
});

describe("registries.conf", () => {
  it("has mirrors with their own words, and those of the whole rule", () => {
    expect(rules[1]?.mirrors).toEqual([
      { location: "one.example/m", insecure: false, pull: "digest-only" },
      { location: "two.example", insecure: true, pull: "tag-only" },
    ]);
  });
  it.each([
    ["[[registry]\n", /test\.conf: expected TOML, got at line 1, column \d+/],
    ["[[registry]]\ninsecure = true\n", /with location or prefix, got one without both/],
    ['[[registry]]\nprefix = "a.example"\n', /a location for the prefix "a\.example"/],
    ["[[registry]]\nlocation = 5\n", /location to be a text/],
    ['[[registry]]\nlocation = "a.example"\nblocked = "yes"\n', /blocked to be true or false/],
    ['[[registry]]\nlocation = "a.example"\n[[registry.mirror]]\n', /mirror\]\] with location/],
    [
      '[[registry]]\nlocation = "a.example"\n[[registry.mirror]]\nlocation = "b"\npull-from-mirror = "x"\n',
      /one of all, digest-only, tag-only, got "x"/,
    ],
    ['registry = "a.example"\n', /registry to be written as \[\[registry\]\]/],
  ])("with %j is refused with its place", (text, message) => {
    expect(() => parseRegistryRules(text, "test.conf")).toThrow(message);
    expect(() => parseRegistryRules(text, "test.conf")).toThrow(
      expect.objectContaining({ code: "invalid-config" }) as Error,
    );
  });
  it("of version 1 is read for what it blocks and what is insecure", () => {
    const text =
      '[registries.insecure]\nregistries = ["a.example"]\n[registries.block]\nregistries = ["a.example", "b.example"]\n';
    expect(parseRegistryRules(text, "f")).toMatchObject([
      { prefix: "a.example", insecure: true, blocked: true },
      { prefix: "b.example", insecure: false, blocked: true },
    ]);
  });
});

describe("the rules of a machine", () => {
  let place: string;
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), "oci-kit-rules-"));
  });
  afterEach(() => rmSync(place, { recursive: true }));
  const write = (path: string, location: string, prefix = "r.example"): void => {
    const file = join(place, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `[[registry]]\nprefix = "${prefix}"\nlocation = "${location}"\n`);
  };
  const find = async (environment: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const found = await findRegistryRules(
      { HOME: join(place, "home"), ...environment },
      join(place, "etc"),
    );
    return Object.fromEntries(found.map(({ prefix, location }) => [prefix, location]));
  };
  const own = "home/.config/containers";

  it("are none without a file, and none in a file of aliases and search registries", async () => {
    expect(await find()).toEqual({});
    mkdirSync(join(place, "etc/registries.conf.d"), { recursive: true });
    const text =
      'unqualified-search-registries = ["a.example"]\n[aliases]\n"registry" = "docker.io/library/registry"\n"a" = "registry.b.example/a"\n# [[registry]]\n';
    writeFileSync(join(place, "etc/registries.conf.d/000.conf"), text);
    expect(await find()).toEqual({});
  });
  it.each([
    '[[registry]]\nlocation = "a.example"',
    '  [[ "registry" ]]\nlocation = "a.example"',
    'registry = [{ location = "a.example" }]',
    '"registry" = [\n{ location = "a.example" }]',
    "[registries.insecure]\nregistries = ['a.example']",
    "[registries.'block']\nregistries = ['a.example']",
    "[registries]\ninsecure = { registries = ['a.example'] }",
    "registries = { insecure = { registries = ['a.example'] } }",
    "registries.insecure.registries = ['a.example']",
  ])("are found however they are written: %j", async (text) => {
    mkdirSync(join(place, "etc/registries.conf.d"), { recursive: true });
    writeFileSync(join(place, "etc/registries.conf.d/000.conf"), `# none\n\n${text}\n`);
    expect(Object.keys((await find()) as object)).toEqual(["a.example"]);
  });
  it("that are no tables are refused", async () => {
    mkdirSync(join(place, "etc"), { recursive: true });
    writeFileSync(join(place, "etc/registries.conf"), 'registry = "a.example"\n');
    await expect(find()).rejects.toMatchObject({ code: "invalid-config" });
  });
  it("are the system's, and of each directory later ones in place of earlier ones", async () => {
    write("etc/registries.conf", "one.example");
    write("etc/registries.conf", "one.example");
    write("etc/registries.conf.d/20.conf", "three.example");
    write("etc/registries.conf.d/10.conf", "two.example");
    write("etc/registries.conf.d/30.txt", "no.example");
    expect(await find()).toEqual({ "r.example": "three.example" });
    write(`${own}/registries.conf.d/05.conf`, "four.example");
    expect(await find()).toEqual({ "r.example": "four.example" });
  });
  it("are the user's alone where the user has a file", async () => {
    write("etc/registries.conf", "one.example");
    write("etc/registries.conf.d/10.conf", "two.example", "s.example");
    write(`${own}/registries.conf`, "mine.example");
    expect(await find()).toEqual({ "r.example": "mine.example" });
  });
  it("are in the file that the variable names, which has to be there", async () => {
    write(`${own}/registries.conf`, "mine.example");
    write("other.conf", "other.example");
    const named = { CONTAINERS_REGISTRIES_CONF: join(place, "other.conf") };
    expect(await find(named)).toEqual({ "r.example": "other.example" });
    const absent = find({ CONTAINERS_REGISTRIES_CONF: join(place, "absent.conf") });
    await expect(absent).rejects.toMatchObject({ code: "not-found" });
  });
});
