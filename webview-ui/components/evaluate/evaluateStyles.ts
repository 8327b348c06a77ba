import { css } from 'lit';

/** The form, tables and lists of the Evaluate tab. */
export const evaluateStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    width: 100%;
    height: 100%;
    overflow: auto;
  }
  .form {
    display: grid;
    grid-template-columns: max-content minmax(0, 1fr);
    gap: 8px 14px;
    align-items: center;
    padding: 14px;
    border-bottom: 1px solid var(--edge);
  }
  .form > label,
  .form > .name {
    color: var(--vscode-descriptionForeground);
  }
  .row {
    display: flex;
    gap: 6px 12px;
    align-items: center;
    flex-wrap: wrap;
    min-width: 0;
  }
  .row label {
    display: flex;
    gap: 6px;
    align-items: center;
  }
  select,
  input:not([type='checkbox']) {
    font: inherit;
    max-width: 100%;
    padding: 3px 6px;
    color: var(--vscode-input-foreground, var(--vscode-foreground));
    background: var(--vscode-input-background);
    border: 1px solid var(--vscode-input-border, var(--edge));
  }
  input::placeholder {
    color: var(--vscode-input-placeholderForeground, var(--vscode-descriptionForeground));
    opacity: 1;
  }
  input.numbers {
    width: 150px;
  }
  input.number {
    width: 64px;
  }
  input.long {
    flex: 1 1 220px;
    min-width: 0;
  }
  select:focus-visible,
  input:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  input[type='checkbox'] {
    accent-color: var(--vscode-focusBorder);
    margin: 0;
  }
  .result {
    padding: 14px;
    max-width: 900px;
  }
  .result p {
    margin: 0 0 6px;
    overflow-wrap: anywhere;
  }
  .result p.first {
    font-weight: 600;
    font-size: 1.08em;
  }
  .scroll {
    overflow-x: auto;
    margin: 12px 0;
  }
  .scroll:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
  }
  table {
    border-collapse: collapse;
    min-width: 100%;
  }
  th,
  td {
    padding: 5px 12px;
    text-align: right;
    white-space: nowrap;
    font-weight: inherit;
    border-bottom: 1px solid var(--edge);
    font-variant-numeric: tabular-nums;
  }
  th:first-child {
    text-align: left;
    padding-left: 0;
  }
  .text {
    text-align: left;
  }
  thead th {
    font-weight: 600;
    white-space: normal;
    vertical-align: bottom;
  }
  h2 {
    margin: 16px 0 6px;
    font-size: 1em;
    font-weight: 600;
  }
  ul {
    margin: 0;
    padding: 0 0 0 18px;
  }
  li {
    margin: 0 0 3px;
    overflow-wrap: anywhere;
  }
  .error {
    margin: 14px;
    overflow-wrap: anywhere;
  }
`;
