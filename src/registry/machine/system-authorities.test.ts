// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemAuthorities } from "./system-authorities.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-authorities-"));
});
afterEach(() => rmSync(place, { recursive: true }));

const PEM = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";

it("the system's authorities are those of the file and of the directories that variables name", () => {
  const file = join(place, "list");
  writeFileSync(file, `one ${PEM}`);
  writeFileSync(join(place, "two.pem"), `two ${PEM}`);
  writeFileSync(join(place, "three.crt"), "no certificate");
  writeFileSync(join(place, "four.txt"), PEM);
  const environment = { SSL_CERT_FILE: file, SSL_CERT_DIR: `:${place}:` };
  expect(systemAuthorities(environment)).toEqual([`one ${PEM}`, `two ${PEM}`]);
});

it.each(["SSL_CERT_FILE", "SSL_CERT_DIR"])("%s that names nothing is told of", (variable) => {
  const find = (): unknown => systemAuthorities({ [variable]: join(place, "absent") });
  expect(find).toThrow(expect.objectContaining({ code: "not-found" }) as Error);
  expect(find).toThrow(new RegExp(`^${variable}: expected ".*absent"`));
});
