import { css } from 'lit';

/** What the tables of layers and of tensors have in common: a bar over rows that scroll. */
export const tableStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .bar {
    display: flex;
    align-items: center;
    gap: 4px 8px;
    padding: 5px 12px;
    flex-wrap: wrap;
    border-bottom: 1px solid var(--edge);
  }
  input {
    flex: 1 1 120px;
    min-width: 100px;
    max-width: 280px;
  }
  .count {
    flex: 1 0 auto;
    color: var(--vscode-descriptionForeground);
    white-space: nowrap;
  }
  .scroll {
    flex: 1;
    min-height: 0;
    overflow: auto;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    table-layout: fixed;
  }
  th,
  td {
    box-sizing: border-box;
    font-weight: inherit;
    text-align: left;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  thead th {
    position: sticky;
    top: 0;
    z-index: 1;
    background: var(--vscode-editor-background);
  }
  .number {
    text-align: right;
    font-variant-numeric: tabular-nums;
  }
  .shape {
    font-family: var(--code-font);
    font-size: 0.95em;
  }
`;
