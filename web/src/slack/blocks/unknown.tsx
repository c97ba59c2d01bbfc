// What the page cannot draw is shown as it came, never dropped in silence.

export function Unknown({ type, value }: { type: string; value: unknown }) {
  return (
    <details className="unknown">
      <summary>not drawn: {type}</summary>
      <pre tabIndex={0}>{JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}
