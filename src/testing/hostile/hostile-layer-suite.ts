// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { isOciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import type { TestRunner } from "../store-contract/contract.ts";
import { HOSTILE_ATTACKS } from "./attacks.ts";
import { checkDirectory } from "./check-tree.ts";
import type { HostileCase } from "./hostile-case.ts";
import { hostileLayers } from "./hostile-layers.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { writeHostileImage } from "./write-case.ts";

/** A program that unpacks images. */
export interface HostileSubject {
  readonly name: string;
  /**
   * Unpacks the only image of an OCI layout into a directory, which does not exist yet in most cases. Rejects
   * to refuse the image. May ignore limits that the program does not have.
   */
  readonly unpack: (
    layout: string,
    destination: string,
    options: { readonly limits: Partial<Limits> },
  ) => Promise<void>;
  /** Names that the program writes beside the destination, whose own name is `out`. */
  readonly beside?: readonly string[] | undefined;
  /**
   * Cases in which the program does something else than expected: the reasons, by the names of the cases. For
   * these only is tested that nothing outside the destination changes.
   */
  readonly deviations?: Readonly<Record<string, string>> | undefined;
}

/**
 * Declares a test for each case of the hostile corpus. It checks that nothing outside the destination changes
 * (files, modes, owners, times, numbers of links), and that the image is refused or gives the right tree. For
 * POSIX systems.
 */
export function hostileLayerSuite(runner: TestRunner, subject: HostileSubject): void {
  runner.describe(`hostile layers: ${subject.name}`, () => {
    for (const hostile of hostileLayers) {
      const attack = `attack ${hostile.number}, ${HOSTILE_ATTACKS[hostile.number]!}`;
      runner.it(`${attack}: ${hostile.name}: ${hostile.expect}`, () => runCase(hostile, subject));
    }
  });
}

async function runCase(hostile: HostileCase, subject: HostileSubject): Promise<void> {
  const sandbox = createSandbox();
  try {
    const image = hostile.build(sandbox);
    writeHostileImage(image, sandbox.layout);
    if (hostile.prepare !== undefined) {
      mkdirSync(sandbox.target);
      hostile.prepare(sandbox.target, sandbox);
    }
    const before = sandbox.snapshot(subject.beside);
    const failure = await unpackInto(sandbox, hostile, subject);
    assert.deepEqual(sandbox.snapshot(subject.beside), before, "changed outside the destination");
    if (subject.deviations?.[hostile.name] !== undefined) return;
    checkOutcome(hostile, failure);
    if (failure === undefined) await checkDirectory(sandbox.target, image.tree ?? {});
  } finally {
    sandbox.remove();
  }
}

interface Failure {
  readonly error: unknown;
}

async function unpackInto(
  { layout, target }: Sandbox,
  { limits = {} }: HostileCase,
  { unpack }: HostileSubject,
): Promise<Failure | undefined> {
  try {
    await unpack(layout, target, { limits });
    return undefined;
  } catch (error) {
    return { error };
  }
}

function checkOutcome({ expect, codes }: HostileCase, failure: Failure | undefined): void {
  if (expect === "accepted" || expect === "contained") {
    if (failure !== undefined) throw failure.error;
    return;
  }
  assert.ok(failure !== undefined, `expected it to be ${expect}, and it was unpacked`);
  const { error } = failure;
  if (codes === undefined || !isOciError(error)) return;
  assert.ok(
    codes.includes(error.code),
    `${error.code}: ${error.message}: expected ${codes.join()}`,
  );
}
