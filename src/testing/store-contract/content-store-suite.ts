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
 * Declares the tests that every content store must pass: that what is pushed is what is fetched, that
 * nothing unverified ever becomes visible, that everything can be repeated and done at once.
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
    runner.describe("keeps content", () => declareKeeping(test, contract));
    runner.describe("refuses what is not what it should be", () => declareRefusing(test));
    runner.describe("reads", () => declareReading(test));
    runner.describe("names content", () => declareNaming(test));
    runner.describe("reads parts", () => declareRanges(test));
    runner.describe("hashes what does not verify itself", () => declareVerifying(test));
    runner.describe("takes content part by part, where it can", () =>
      declareUploads(test, contract),
    );
    runner.describe("lists and removes, where it can", () =>
      declareListingAndRemoving(test, contract),
    );
  });
}
