// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { isOciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import type { TestRunner } from "../store-contract/contract.ts";
import { checkDirectory } from "./check-tree.ts";
import type { HostileCase } from "./hostile-case.ts";
import { hostileLayers } from "./hostile-layers.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { writeHostileImage } from "./write-case.ts";

/** A program that unpacks images. */
export interface HostileSubject {
  readonly name: string;
  /**
   * Unpacks the only image of an OCI layout into a directory, which is not there yet unless the case is about
   * that. Rejects when it refuses. Limits that it does not have it ignores.
   */
  readonly unpack: (
    layout: string,
    destination: string,
    options: { readonly limits: Partial<Limits> },
  ) => Promise<void>;
  /** What it writes beside the destination, by name; the destination's own name is `out`. */
  readonly beside?: readonly string[] | undefined;
  /**
   * Names of cases that it treats otherwise, each with the reason. Of these only is tested that nothing
   * outside the destination changes.
   */
  readonly deviations?: Readonly<Record<string, string>> | undefined;
}

/**
 * Declares a test for each case of the hostile corpus: that nothing outside the destination changes (files,
 * bits, owners, times, links to it), and that the image is refused or comes out as it must. For POSIX systems.
 */
export function hostileLayerSuite(runner: TestRunner, subject: HostileSubject): void {
  runner.describe(`hostile layers: ${subject.name}`, () => {
    for (const hostile of hostileLayers) {
      runner.it(`${hostile.number} ${hostile.name}: ${hostile.expect}`, () =>
        runCase(hostile, subject),
      );
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
