// SPDX-License-Identifier: MIT
import type { Declare, StoreContract, TestRunner } from "./contract.ts";
import { declareKeeping } from "./keeping.ts";
import { declareListingAndRemoving } from "./listing-and-removing.ts";
import { declareNaming } from "./naming.ts";
import { declareRanges } from "./ranges.ts";
import { declareReading } from "./reading.ts";
import { declareRefusing } from "./refusing.ts";
import { declareUploads } from "./uploads.ts";
import { declareVerifying } from "./verifying.ts";

/**
 * Declares the tests that every content store must pass: content that is pushed can be fetched unchanged,
 * nothing unverified ever becomes visible, and every operation can be repeated and run in parallel.
 */
export function contentStoreSuite(runner: TestRunner, contract: StoreContract): void {
  const test: Declare = (name, body) =>
    runner.it(name, async () => {
      const fixture = await contract.open();
      try {
        await body(fixture.store, fixture);
      } finally {
        await fixture.close();
      }
    });
  runner.describe(`content store: ${contract.name}`, () => {
    runner.describe("storing content", () => declareKeeping(test, contract));
    runner.describe("refusing wrong content", () => declareRefusing(test));
    runner.describe("reading content", () => declareReading(test));
    runner.describe("naming content", () => declareNaming(test));
    runner.describe("reading parts of content", () => declareRanges(test));
    runner.describe("verified and unverified bytes", () => declareVerifying(test));
    runner.describe("uploads in parts, where the store has them", () =>
      declareUploads(test, contract),
    );
    runner.describe("listing and removing, where the store can", () =>
      declareListingAndRemoving(test, contract),
    );
  });
}
