// SPDX-License-Identifier: MIT
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const RECURSIVE_MKDIR = [
  "CallExpression[callee.name=/^mkdir(Sync)?$/] Property[key.name='recursive']",
  "CallExpression[callee.property.name=/^mkdir(Sync)?$/] Property[key.name='recursive']",
].map((selector) => ({
  selector,
  message:
    "Node's recursive mkdir never returns where the system says ENOENT below a directory that exists, and syncs nothing: makeDirectories of src/files does both.",
}));

// Stopped work throws only OciError `aborted`, so that a caller can tell it from a failure by its code.
const aborted =
  "Stopped by a signal is OciError `aborted`: throwIfAborted or abortedError of bytes/abort.ts.";
const NOT_ABORTED = [
  "CallExpression[callee.type='MemberExpression'][callee.property.name='throwIfAborted']",
  "NewExpression[callee.name='DOMException']",
  "ThrowStatement > MemberExpression[object.name='signal'][property.name='reason']",
  "CallExpression[callee.name='reject'] > MemberExpression[property.name='reason']",
  "CallExpression[callee.property.name='reject'] > MemberExpression[property.name='reason']",
].map((selector) => ({ selector, message: aborted }));

const GUESSED_URL = {
  selector: "MemberExpression[object.name='URL'][property.name='canParse']",
  message:
    "On Node 20 it is wrong about text beyond ASCII once its caller is hot: parseUrl of registry/wire is not.",
};

// Printed text contains names from images, registries and files, so all of it must go through the code that escapes them.
const NOT_PRINTED = [
  {
    selector: "CallExpression[callee.type='MemberExpression'][callee.property.name='write']",
    message: "Text goes to a terminal through src/cli/output/print.ts, which escapes it.",
  },
];

export default defineConfig(
  {
    // The last is in AssemblyScript, which its own compiler checks.
    ignores: [
      ...["dist/", "out/", "**/out/", "node_modules/", "coverage/", "**/*.js", "**/*.cjs"],
      "src/bytes/deflate/wasm/",
    ],
  },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: false },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // Hot loops index arrays after a bound was checked once, which the type checker can't see.
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true } }],
      "no-restricted-syntax": ["error", ...NOT_ABORTED, GUESSED_URL],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...NOT_ABORTED, GUESSED_URL, ...RECURSIVE_MKDIR],
    },
  },
  {
    files: ["src/cli/**/*.ts"],
    ignores: [
      "src/cli/output/print.ts",
      "src/cli/output/process-output.ts",
      "src/cli/progress/progress.ts",
      "**/*.test.ts",
    ],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...[...NOT_ABORTED, GUESSED_URL, ...RECURSIVE_MKDIR, ...NOT_PRINTED],
      ],
    },
  },
  {
    files: ["*.config.ts", "test/interop/require-peers.ts"],
    rules: { "no-restricted-exports": "off" },
  },
);
