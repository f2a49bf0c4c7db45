import assert from "node:assert/strict";
import { test } from "node:test";
import { type DeltaCommit, deltaLogFile, encodeDeltaLog, isDeltaCommit } from "./delta-log.ts";

const example: DeltaCommit = {
  mart: "activity",
  version: "v000000000003-9f3c21ab",
  publishId: "9f3c21ab00004000800000000000beef",
  atMs: Date.UTC(2026, 2, 1, 15),
  description: "Who did what",
  columns: [
    { name: "actor", type: { kind: "string" } },
    { name: "pushes", type: { kind: "int64" } },
  ],
  files: [
    { name: "part-0000.parquet", rows: 5, size: 1234 },
    { name: "part-00001-a%b-c000.zstd.parquet", rows: 0, size: 99 },
  ],
};

const actions = (commit: Partial<DeltaCommit>): readonly Record<string, unknown>[] =>
  encodeDeltaLog({ ...example, ...commit })
    .trimEnd()
    .split("\n")
    .map((line) => Object(JSON.parse(line)));

function found(commit: Partial<DeltaCommit>, action: string): Record<string, unknown> {
  const [only, another] = actions(commit).flatMap((each) => (action in each ? [Object(each[action])] : []));
  assert.equal(another, undefined);
  return only;
}

const schemaOf = (columns: DeltaCommit["columns"]): { readonly fields: readonly unknown[] } =>
  JSON.parse(String(found({ columns }, "metaData").schemaString));

test("one commit: who wrote it, what readers must know, the columns, a line a part", () => {
  assert.equal(
    encodeDeltaLog(example),
    [
      '{"commitInfo":{"timestamp":1772377200000,"operation":"WRITE","operationParameters":{"mode":"\\"ErrorIfExists\\""},' +
        '"isBlindAppend":true,"operationMetrics":{"numFiles":"2","numOutputRows":"5","numOutputBytes":"1333"},"engineInfo":"millrace"}}',
      '{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["millraceImmutable"]}}',
      '{"metaData":{"id":"9f3c21ab00004000800000000000beef","name":"activity","description":"Who did what",' +
        '"format":{"provider":"parquet","options":{}},"schemaString":"{\\"type\\":\\"struct\\",\\"fields\\":[' +
        '{\\"name\\":\\"actor\\",\\"type\\":\\"string\\",\\"nullable\\":true,\\"metadata\\":{}},' +
        '{\\"name\\":\\"pushes\\",\\"type\\":\\"long\\",\\"nullable\\":true,\\"metadata\\":{}}]}","partitionColumns":[],' +
        '"configuration":{"millrace.mart":"activity","millrace.version":"v000000000003-9f3c21ab"},"createdTime":1772377200000}}',
      '{"add":{"path":"part-0000.parquet","partitionValues":{},"size":1234,"modificationTime":1772377200000,"dataChange":true,' +
        '"stats":"{\\"numRecords\\":5}"}}',
      '{"add":{"path":"part-00001-a%25b-c000.zstd.parquet","partitionValues":{},"size":99,"modificationTime":1772377200000,' +
        '"dataChange":true,"stats":"{\\"numRecords\\":0}"}}',
      "",
    ].join("\n"),
  );
});

test("a mart without a description, and one without a part", () => {
  assert.equal("description" in found({ description: undefined }, "metaData"), false);
  assert.deepEqual(
    actions({ files: [] }).map((action) => Object.keys(action)[0]),
    ["commitInfo", "protocol", "metaData"],
  );
});

test("every type of a mart's column has one of Delta's", () => {
  const types: readonly (readonly [DeltaCommit["columns"][number]["type"], unknown])[] = [
    [{ kind: "bool" }, "boolean"],
    [{ kind: "int32" }, "integer"],
    [{ kind: "int64", big: true }, "long"],
    [{ kind: "float" }, "float"],
    [{ kind: "double" }, "double"],
    [{ kind: "string", mixed: true }, "string"],
    [{ kind: "json" }, "string"],
    [{ kind: "null" }, "string"],
    [{ kind: "date" }, "date"],
    [{ kind: "binary" }, "binary"],
    [{ kind: "timestamp" }, "timestamp"],
    [{ kind: "decimal", precision: 20, scale: 0 }, "decimal(20,0)"],
    [{ kind: "struct", fields: [] }, "string"],
    [
      { kind: "list", element: { kind: "null" } },
      { type: "array", elementType: "string", containsNull: true },
    ],
    [
      { kind: "list", element: { kind: "struct", fields: [{ name: "+1", type: { kind: "int64" } }] } },
      {
        type: "array",
        elementType: { type: "struct", fields: [{ name: "+1", type: "long", nullable: true, metadata: {} }] },
        containsNull: true,
      },
    ],
  ];
  for (const [type, expected] of types) {
    const [field] = schemaOf([{ name: "c", type }]).fields;
    assert.deepEqual(field, { name: "c", type: expected, nullable: true, metadata: {} });
  }
});

test("a time without a zone is a feature that readers must know", () => {
  const columns = [{ name: "at", type: { kind: "timestamp_local" } }] as const;
  assert.deepEqual(schemaOf(columns).fields, [{ name: "at", type: "timestamp_ntz", nullable: true, metadata: {} }]);
  assert.deepEqual(found({ columns }, "protocol"), {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: ["timestampNtz"],
    writerFeatures: ["timestampNtz", "millraceImmutable"],
  });
});

test("names that Delta does not take as they are have every column mapped, by its own name", () => {
  const mapped = (name: string, id: number): unknown => ({
    "delta.columnMapping.id": id,
    "delta.columnMapping.physicalName": name,
  });
  const columns: DeltaCommit["columns"] = [
    { name: "a", type: { kind: "int64" } },
    {
      name: "s",
      type: {
        kind: "struct",
        fields: [
          {
            name: "p",
            type: { kind: "list", element: { kind: "struct", fields: [{ name: "q r", type: { kind: "bool" } }] } },
          },
          { name: "t.u", type: { kind: "string" } },
        ],
      },
    },
  ];
  assert.deepEqual(schemaOf(columns).fields, [
    { name: "a", type: "long", nullable: true, metadata: mapped("a", 1) },
    {
      name: "s",
      nullable: true,
      metadata: mapped("s", 2),
      type: {
        type: "struct",
        fields: [
          {
            name: "p",
            nullable: true,
            metadata: mapped("p", 3),
            type: {
              type: "array",
              containsNull: true,
              elementType: {
                type: "struct",
                fields: [{ name: "q r", type: "boolean", nullable: true, metadata: mapped("q r", 5) }],
              },
            },
          },
          { name: "t.u", type: "string", nullable: true, metadata: mapped("t.u", 4) },
        ],
      },
    },
  ]);
  const { configuration } = found({ columns }, "metaData");
  assert.deepEqual(configuration, {
    "delta.columnMapping.mode": "name",
    "delta.columnMapping.maxColumnId": "5",
    "millrace.mart": "activity",
    "millrace.version": "v000000000003-9f3c21ab",
  });
  assert.deepEqual(found({ columns }, "protocol"), {
    minReaderVersion: 2,
    minWriterVersion: 7,
    writerFeatures: ["columnMapping", "millraceImmutable"],
  });
  assert.deepEqual(
    found({ columns: [...columns, { name: "at", type: { kind: "timestamp_local" } }] }, "protocol").readerFeatures,
    ["columnMapping", "timestampNtz"],
  );
});

test("every character that Delta forbids has the columns mapped, and no other one that a field may have", () => {
  const isMapped = (name: string): boolean =>
    "delta.columnMapping.mode" in
    Object(
      found(
        { columns: [{ name: "s", type: { kind: "struct", fields: [{ name, type: { kind: "bool" } }] } }] },
        "metaData",
      ).configuration,
    );
  for (const character of " ,;{}()\n\t=") assert.ok(isMapped(`a${character}b`), JSON.stringify(character));
  for (const name of ["+1", "-1", "a.b", "a-b", 'a"b', "ä", "a%3Cb", "a[0]", "a/b", "$ref"]) assert.ok(!isMapped(name));
});

test("the names of commits", () => {
  assert.ok(isDeltaCommit(deltaLogFile));
  assert.ok(isDeltaCommit("_delta_log/00000000000000000017.json"));
  assert.ok(!isDeltaCommit("_delta_log/00000000000000000017.crc"));
  assert.ok(!isDeltaCommit("part-0000.parquet"));
});
