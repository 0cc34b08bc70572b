export interface All {
  aDouble: number | ("NaN" | "Infinity" | "-Infinity");
  aFloat: number | ("NaN" | "Infinity" | "-Infinity");
  anInt32: number;
  anInt64: string;
  aUint32: number;
  aUint64: string;
  aSint32: number;
  aSint64: string;
  aFixed32: number;
  aFixed64: string;
  aSfixed32: number;
  aSfixed64: string;
  aBool: boolean;
  aString: string;
  aBytes: string;
  aColor: "COLOR_UNSPECIFIED" | "RED" | "NEGATIVE";
  aNode?: Node;
  again?: All;
  doubles: (number | ("NaN" | "Infinity" | "-Infinity"))[];
  longs: string[];
  blobs: string[];
  colors: ("COLOR_UNSPECIFIED" | "RED" | "NEGATIVE")[];
  nodes: Node[];
  times: string[];
  byString: {
    [k: string]: string;
  };
  byInt: {
    [k: string]: string;
  };
  byLong: {
    [k: string]: "COLOR_UNSPECIFIED" | "RED" | "NEGATIVE";
  };
  byBool: {
    [k: string]: string;
  };
  bySigned: {
    [k: string]: string;
  };
  maybeLong?: string;
  maybeText?: string;
  maybeColor?: "COLOR_UNSPECIFIED" | "RED" | "NEGATIVE";
  left?: string;
  middle?: Node;
  right?: string;
  moment?: string;
  yes?: boolean;
  no?: boolean;
  time?: string;
  span?: string;
  mask?: string;
  object?: {
    [k: string]: unknown;
  };
  value?: unknown;
  list?: unknown[];
  any?: {
    "@type"?: string;
    [k: string]: unknown;
  };
  values: unknown[];
  nullA?: null;
  nullB?: null;
  nothing?: {
    [k: string]: unknown;
  };
  null: null;
  boxBool?: boolean;
  boxInt?: number;
  boxLong?: string;
  boxText?: string;
  boxBytes?: string;
  boxDouble?: number | ("NaN" | "Infinity" | "-Infinity");
  boxes: string[];
  "other-name": string;
  /**
   * @deprecated
   */
  deprecated: string;
  [k: string]: unknown;
}
/**
 * A node.
 */
export interface Node {
  number: number;
  child?: Node;
  children: Node[];
  named: {
    [k: string]: Node;
  };
  [k: string]: unknown;
}
