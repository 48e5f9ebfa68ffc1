// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { certificateDirectories, readCertificateDirectory } from "./certificate-directory.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oci-kit-certs-"));
});
afterEach(() => rmSync(home, { recursive: true }));

function write(directory: string, files: Readonly<Record<string, string>>): string {
  const path = join(home, directory);
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}

it("certificates are looked for where docker and the containers tools keep them, by host and port", () => {
  expect(certificateDirectories("r.example:5000", { HOME: "/home/me" })).toEqual([
    "/home/me/.config/containers/certs.d/r.example:5000",
    "/etc/containers/certs.d/r.example:5000",
    "/etc/docker/certs.d/r.example:5000",
    "/home/me/.config/docker/certs.d/r.example:5000",
    "/home/me/.docker/certs.d/r.example:5000",
  ]);
});

describe("a directory of certificates", () => {
  it("gives authorities and pairs, and ignores other files", () => {
    const path = write("one", {
      ...{ "ca.crt": "A", "other.crt": "B", "client.cert": "C", "client.key": "K" },
      ...{ "README.md": "no", "ca.pem": "no" },
    });
    expect(readCertificateDirectory([join(home, "absent"), path])).toEqual({
      authorities: ["A", "B"],
      clientCertificates: [{ certificate: "C", key: "K" }],
    });
  });
  it("is the first that exists, even an empty one, as for skopeo", () => {
    const [empty, full] = [write("empty", {}), write("full", { "ca.crt": "A" })];
    expect(readCertificateDirectory([empty, full])?.authorities).toEqual([]);
  });
  it("that does not exist gives nothing", () => {
    expect(readCertificateDirectory([join(home, "absent")])).toBeUndefined();
  });
  it.each([
    ["client.cert", /expected client\.key beside client\.cert/],
    ["client.key", /expected client\.cert beside client\.key/],
  ])("with %s alone is refused", (name, message) => {
    const path = write("half", { [name]: "x" });
    expect(() => readCertificateDirectory([path])).toThrow(message);
  });
});
