// SPDX-License-Identifier: MIT
// Debian's packages, fetched and unpacked without running anything of them, by the mirrors that this machine is set up with.
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const SUITE = "trixie";
const INFO = "var/lib/dpkg/info";

/** @typedef {{ readonly name: string, readonly source: string, readonly version: string, readonly file: string }} Package */

/**
 * Fetches packages with all that they need, once as the suite was released and once with all its updates.
 * @param {string} cache a directory that is kept
 * @param {readonly string[]} names
 * @returns {readonly [before: ReadonlyMap<string, Package>, after: ReadonlyMap<string, Package>]}
 */
export function fetchPackages(cache, names) {
  for (const name of ["lists/partial", "archives/partial"]) {
    mkdirSync(join(cache, name), { recursive: true });
  }
  writeFileSync(join(cache, "status"), "");
  const [released, ...updates] = sources();
  const lists = { before: [released], after: [released, ...updates] };
  for (const [name, lines] of Object.entries(lists)) {
    writeFileSync(join(cache, `${name}.list`), `${lines.join("\n")}\n`);
  }
  apt(cache, "after", "update");
  const sets = Object.keys(lists).map((name) => {
    apt(cache, name, "install", "--download-only", "--yes", ...names);
    return packagesIn(cache, apt(cache, name, "install", "--simulate", ...names));
  });
  return [
    /** @type {Map<string, Package>} */ (sets[0]),
    /** @type {Map<string, Package>} */ (sets[1]),
  ];
}

/** The lines of apt's sources for the suite, its updates last: at the mirrors of this machine's own suite. */
function sources() {
  const format = "$(RELEASE) $(SITE)";
  const targets = execFileSync("apt-get", ["indextargets", "--format", format], {
    encoding: "utf8",
  });
  /** @type {Map<string, string>} */
  const sites = new Map();
  for (const line of targets.split("\n")) {
    const [release = "", site = ""] = line.split(" ");
    const kind = /^[a-z]+(-security|-updates|)$/.exec(release)?.[1];
    if (kind !== undefined && !sites.has(kind)) sites.set(kind, site);
  }
  if (!sites.has("")) throw new Error("apt is not set up for a suite of Debian on this machine");
  return ["", "-updates", "-security"].flatMap((kind) => {
    const site = sites.get(kind);
    const key = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg";
    return site === undefined ? [] : [`deb [${key}] ${site} ${SUITE}${kind} main`];
  });
}

/** @param {string} cache @param {string} list @param {string[]} words */
function apt(cache, list, ...words) {
  const settings = [
    `Dir::Etc::SourceList=${join(cache, `${list}.list`)}`,
    "Dir::Etc::SourceParts=/dev/null",
    `Dir::State::Lists=${join(cache, "lists")}`,
    `Dir::Cache=${cache}`,
    `Dir::State::status=${join(cache, "status")}`,
    "APT::Install-Recommends=false",
    "APT::Sandbox::User=root",
    "Debug::NoLocking=1",
    "APT::Architecture=amd64",
    "APT::Architectures=amd64",
  ].flatMap((setting) => ["-o", setting]);
  return execFileSync("apt-get", ["-qq", ...settings, ...words], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** @param {string} cache @param {string} plan what apt says that it would do @returns {Map<string, Package>} */
function packagesIn(cache, plan) {
  /** @type {Map<string, Package>} */
  const packages = new Map();
  for (const [, name = "", version = "", architecture = ""] of plan.matchAll(
    /^Inst (\S+) \((\S+) .*\[(\S+)\]/gm,
  )) {
    const file = `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
    const path = join(cache, "archives", file);
    packages.set(name, { name, source: sourceOf(path) ?? name, version, file: path });
  }
  if (packages.size === 0) throw new Error("apt would install nothing");
  return packages;
}

/** What a package was built from, if that has another name. @param {string} file */
function sourceOf(file) {
  const field = execFileSync("dpkg-deb", ["--field", file, "Source"], { encoding: "utf8" });
  return /^\S+/.exec(field)?.[0];
}

/** A root filesystem of packages, with dpkg's records. */
export class DebianTree {
  /** @type {Map<string, Package & { readonly paths: readonly string[] }>} */
  #installed = new Map();

  /** @param {string} root a directory that does not exist yet @param {{ readonly timesNow?: boolean }} [options] */
  constructor(root, { timesNow = false } = {}) {
    this.root = root;
    this.timesNow = timesNow;
    mkdirSync(join(root, INFO), { recursive: true });
    // As Debian's own images have it; the packages of this suite have nothing beside it.
    for (const name of ["bin", "sbin", "lib", "lib64"]) {
      mkdirSync(join(root, "usr", name), { recursive: true });
      symlinkSync(`usr/${name}`, join(root, name));
    }
  }

  /** Unpacks packages. Their earlier versions are removed before: a file may have gone from one to another. @param {readonly Package[]} packages */
  install(packages) {
    for (const { name } of packages) this.remove(name);
    for (const each of packages) this.#unpack(each);
    const status = [...this.#installed.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    writeFileSync(join(this.root, "var/lib/dpkg/status"), "");
    for (const { file } of status) {
      const fields = execFileSync("dpkg-deb", ["--field", file], { encoding: "utf8" });
      appendFileSync(
        join(this.root, "var/lib/dpkg/status"),
        fields.replace("\n", "\nStatus: install ok installed\n") + "\n",
      );
    }
  }

  /** Removes a package if it is there: its files, and directories that are empty then. @param {string} name */
  remove(name) {
    const { paths = [] } = this.#installed.get(name) ?? {};
    for (const path of [...paths].reverse()) {
      const full = join(this.root, path);
      if (!lstatSync(full, { throwIfNoEntry: false })?.isDirectory()) rmSync(full, { force: true });
      else if (readdirSync(full).length === 0) rmdirSync(full);
    }
    this.#installed.delete(name);
  }

  /** @param {Package} each */
  #unpack(each) {
    const unpacked = this.#pipe("--fsys-tarfile", each.file, "", []);
    const recorded = this.#pipe("--ctrl-tarfile", each.file, INFO, [
      `--transform=s,^\\./,./${each.name}.,`,
      `--exclude=./control`,
    ]);
    const paths = unpacked.filter((path) => path !== "");
    const list = `${INFO}/${each.name}.list`;
    writeFileSync(join(this.root, list), ["/.", ...paths.map((path) => `/${path}`), ""].join("\n"));
    const own = recorded.filter((path) => path !== "").map((path) => `${INFO}/${path}`);
    this.#installed.set(each.name, { ...each, paths: [...paths, ...own, list] });
  }

  /** @param {string} part @param {string} file @param {string} below @param {string[]} more @returns {string[]} */
  #pipe(part, file, below, more) {
    const words = ["-x", "-v", "--show-transformed-names", "--keep-directory-symlink", ...more];
    if (this.timesNow) words.push("-m");
    const script = `set -o pipefail; dpkg-deb ${part} "$0" | tar "$@"`;
    const ended = spawnSync("bash", ["-c", script, file, ...words, "-C", join(this.root, below)], {
      encoding: "utf8",
      maxBuffer: 2 ** 26,
    });
    if (ended.status !== 0) throw new Error(`${file}: ${ended.stderr}`);
    return ended.stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.replace(/^\.\//, "").replace(/\/$/, ""));
  }
}
