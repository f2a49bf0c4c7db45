/** The syntax tree of the SQL that the portable subset is cut out of. Every node knows where it begins (`at`). */

export interface Query {
  readonly at: number;
  readonly expressions: readonly CommonTable[];
  readonly body: QueryBody;
  readonly order: readonly OrderItem[];
  readonly limit: Expression | undefined;
  readonly offset: Expression | undefined;
}

export interface CommonTable {
  readonly name: Name;
  readonly columns: readonly Name[];
  readonly query: Query;
}

export interface Name {
  readonly text: string;
  readonly at: number;
}

export type QueryBody =
  | Select
  | { readonly kind: "values"; readonly at: number; readonly rows: readonly (readonly Expression[])[] }
  | { readonly kind: "nested"; readonly at: number; readonly query: Query }
  | { readonly kind: "set"; readonly at: number; readonly left: QueryBody; readonly right: QueryBody };

export interface Select {
  readonly kind: "select";
  readonly at: number;
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from: readonly Source[];
  readonly where: Expression | undefined;
  readonly group: readonly Expression[];
  readonly having: Expression | undefined;
  readonly qualify: Expression | undefined;
  readonly windows: readonly Window[];
}

export interface SelectItem {
  readonly value: Expression;
  readonly alias: Name | undefined;
}

export interface OrderItem {
  readonly at: number;
  readonly value: Expression;
  readonly isDescending: boolean;
  readonly nulls: "first" | "last" | undefined;
}

export type Source =
  | { readonly kind: "table"; readonly at: number; readonly name: string; readonly alias: Alias | undefined }
  | {
      readonly kind: "query";
      readonly at: number;
      readonly query: Query;
      readonly alias: Alias | undefined;
      readonly isLateral: boolean;
    }
  | Join;

export interface Alias {
  readonly name: Name;
  readonly columns: readonly Name[];
}

export interface Join {
  readonly kind: "join";
  readonly at: number;
  readonly type: "inner" | "left" | "right" | "full" | "cross" | "semi" | "anti";
  readonly left: Source;
  readonly right: Source;
  readonly on: Expression | undefined;
  readonly using: readonly Name[];
}

export interface Window {
  readonly at: number;
  readonly partition: readonly Expression[];
  readonly order: readonly OrderItem[];
  /** The words of an explicit frame, in small letters. */
  readonly frame: string | undefined;
}

export type Expression =
  | { readonly kind: "literal"; readonly at: number; readonly type: LiteralType; readonly text: string }
  | { readonly kind: "column"; readonly at: number; readonly names: readonly string[] }
  | { readonly kind: "star"; readonly at: number; readonly table: string | undefined }
  | Call
  | {
      readonly kind: "cast";
      readonly at: number;
      readonly value: Expression;
      readonly type: TypeName;
      readonly isTry: boolean;
    }
  | { readonly kind: "unary"; readonly at: number; readonly operator: string; readonly value: Expression }
  | Binary
  | {
      readonly kind: "between";
      readonly at: number;
      readonly value: Expression;
      readonly low: Expression;
      readonly high: Expression;
    }
  | { readonly kind: "in"; readonly at: number; readonly value: Expression; readonly list: readonly Expression[] }
  | { readonly kind: "in-query"; readonly at: number; readonly value: Expression; readonly query: Query }
  | {
      readonly kind: "like";
      readonly at: number;
      readonly operator: string;
      readonly value: Expression;
      readonly pattern: Expression;
      readonly escape: Expression | undefined;
    }
  | { readonly kind: "is"; readonly at: number; readonly value: Expression; readonly what: string }
  | Case
  | { readonly kind: "exists"; readonly at: number; readonly query: Query }
  | { readonly kind: "subquery"; readonly at: number; readonly query: Query }
  | { readonly kind: "field"; readonly at: number; readonly value: Expression; readonly name: string }
  | { readonly kind: "index"; readonly at: number; readonly value: Expression; readonly key: Expression }
  | { readonly kind: "lambda"; readonly at: number; readonly parameters: readonly string[]; readonly body: Expression }
  | { readonly kind: "tuple"; readonly at: number; readonly values: readonly Expression[] };

export type LiteralType =
  | "int32"
  | "int64"
  | "decimal"
  | "double"
  | "string"
  | "bool"
  | "null"
  | "date"
  | "timestamp"
  | "interval";

export interface Call {
  readonly kind: "call";
  readonly at: number;
  /** In small letters. */
  readonly name: string;
  readonly args: readonly Expression[];
  readonly distinct: boolean;
  /** `within group (order by …)`. */
  readonly within: readonly OrderItem[];
  readonly filter: Expression | undefined;
  readonly over: Window | undefined;
}

export interface Binary {
  readonly kind: "binary";
  readonly at: number;
  readonly operator: string;
  readonly left: Expression;
  readonly right: Expression;
}

export interface Case {
  readonly kind: "case";
  readonly at: number;
  readonly operand: Expression | undefined;
  readonly branches: readonly { readonly when: Expression; readonly value: Expression }[];
  readonly otherwise: Expression | undefined;
}

export interface TypeName {
  readonly at: number;
  /** In small letters. */
  readonly name: string;
  readonly parameters: readonly number[];
}
