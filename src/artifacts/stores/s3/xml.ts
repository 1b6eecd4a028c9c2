import { parseXML } from '@aws-sdk/xml-builder';
import { Failure } from '../../../core/failure.ts';

/** An element: its text, or its children by name. */
export type Element = string | { readonly [name: string]: Element | readonly Element[] };

/** A document: its root element, and what that is called. */
export interface Document {
  readonly name: string;
  readonly root: Element;
}

/**
 * The root element of a document; no entity of its own is ever expanded.
 * @throws Failure corrupt when it is not XML
 */
export function parseDocument(text: string, subject: string): Document {
  try {
    const document = parseXML(text) as Record<string, Element>;
    const [name = '', root = ''] = Object.entries(document)[0] ?? [];
    return { name, root };
  } catch (thrown) {
    throw new Failure(
      { kind: 'corrupt', message: `the answer about ${subject} is not the XML that S3 speaks`, subject },
      thrown,
    );
  }
}

/** The children of an element that have a name: none, one or many. */
export function childrenOf(element: Element, name: string): readonly Element[] {
  if (typeof element === 'string') return [];
  const found = Object.hasOwn(element, name) ? element[name] : undefined;
  if (found === undefined) return [];
  return Array.isArray(found) ? (found as readonly Element[]) : [found as Element];
}

/** The text of the first child that has a name. */
export function textOf(element: Element, name: string): string | undefined {
  const [first] = childrenOf(element, name);
  if (first === undefined || typeof first === 'string') return first;
  const text = first['#text'];
  return typeof text === 'string' ? text : '';
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text for inside an element; line ends survive. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ESCAPES[c] ?? c).replace(/[\r\n\t]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Whether XML 1.0 can carry a text at all. */
export function fitsXml(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(text);
}
