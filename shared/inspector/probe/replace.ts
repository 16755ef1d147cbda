// oxlint-disable typescript/no-explicit-any -- methods of any shape
type Method = (this: any, ...args: any[]) => any;

/**
 * Puts a method in the place of another. The new one gets the old one, ready to be called with `args`
 * as they are by then, and `this`.
 */
export function replace(
  prototype: object,
  name: string,
  by: (original: () => any, self: any, args: any[]) => any,
): void {
  const original = Reflect.get(prototype, name) as Method;
  const replacement: Method = function (...args) {
    return by(() => Reflect.apply(original, this, args), this, args);
  };
  // Whoever asks for its name, length or source is told what the original would say.
  Object.defineProperties(replacement, {
    name: { value: original.name },
    length: { value: original.length },
  });
  Object.defineProperty(prototype, name, {
    value: replacement,
    writable: true,
    configurable: true,
    enumerable: Object.prototype.propertyIsEnumerable.call(prototype, name),
  });
}
