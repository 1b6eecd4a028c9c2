/** A number that Python holds as a float: `1` is written `1.0`. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** What `json.dumps` takes; plain numbers are integers. */
export type PythonValue =
  | null
  | boolean
  | number
  | string
  | PythonFloat
  | readonly PythonValue[]
  | { readonly [key: string]: PythonValue };

/** A finite number as Python's `repr` of a float writes it: `1.0`, `1e-05`, `1e+16`. */
export function pythonFloat(value: number): string {
  const [digits = '0', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const plain = Object.is(value, -0) ? '-0' : String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity';
  return pythonFloat(value);
}

function jsonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function block(
  open: string,
  members: readonly string[],
  close: string,
  inner: string,
  outer: string,
): string {
  if (members.length === 0) return open + close;
  return `${open}\n${members.map((member) => inner + member).join(',\n')}\n${outer}${close}`;
}

/**
 * JSON as Python's `json.dumps(value, indent=indent)` writes it, which scripts around mlflow compare: floats keep their
 * point, characters beyond ASCII are escaped, and NaN and the infinities are bare words.
 */
export function pythonJson(value: PythonValue, indent: number, outer = ''): string {
  const inner = outer + ' '.repeat(indent);
  if (value instanceof PythonFloat) return jsonFloat(value.value);
  if (typeof value === 'string') return jsonText(value);
  if (value === null || typeof value !== 'object') return String(value);
  if (Array.isArray(value)) {
    const members = (value as readonly PythonValue[]).map((member) => pythonJson(member, indent, inner));
    return block('[', members, ']', inner, outer);
  }
  const members = Object.entries(value).map(
    ([key, member]) => `${jsonText(key)}: ${pythonJson(member, indent, inner)}`,
  );
  return block('{', members, '}', inner, outer);
}
