import { css } from 'lit';

export const adaptationStyles = css`
  :host {
    display: grid;
    grid-template-columns: minmax(280px, 1fr) minmax(320px, 1.4fr);
    gap: 4px 28px;
    align-content: start;
    box-sizing: border-box;
    height: 100%;
    padding: 16px 20px;
    overflow: auto;
  }
  .column {
    min-width: 0;
  }
  .title {
    margin: 0 0 10px;
    font-size: 1.08em;
  }
  .card {
    border: 1px solid var(--edge);
    padding: 12px 14px;
    margin-bottom: 12px;
  }
  .card h3:first-child {
    margin-top: 0;
    color: var(--vscode-foreground);
    font-size: 1em;
  }
  h4 {
    margin: 12px 0 4px;
    font-size: 0.95em;
    font-weight: 600;
    color: var(--vscode-descriptionForeground);
  }
  p {
    color: var(--vscode-foreground);
  }
  .hint {
    margin-bottom: 10px;
    color: var(--vscode-descriptionForeground);
  }
  .name {
    font-family: var(--code-font);
    font-size: 0.95em;
  }
  .bad {
    color: var(--vscode-errorForeground);
  }
  .warning {
    margin: 6px 0;
    padding: 4px 8px;
    border: 1px solid var(--vscode-inputValidation-warningBorder, var(--edge));
    background: var(--vscode-inputValidation-warningBackground, transparent);
    color: var(--vscode-inputValidation-warningForeground, var(--vscode-foreground));
  }
  .reason {
    font-family: var(--text-font);
    color: var(--vscode-descriptionForeground);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0 10px;
  }
  .scroll {
    overflow-x: auto;
  }
  table {
    border-collapse: collapse;
    user-select: text;
  }
  .step .hint {
    margin-bottom: 6px;
  }
  th,
  td {
    text-align: left;
    padding: 3px 12px 3px 0;
    font-size: 0.95em;
    vertical-align: top;
    overflow-wrap: anywhere;
  }
  th {
    font-weight: 600;
    color: var(--vscode-descriptionForeground);
    white-space: nowrap;
  }
  td {
    font-family: var(--code-font);
  }
  .map th,
  .map td {
    padding: 4px 10px;
    border: 1px solid var(--edge);
    text-align: right;
    overflow-wrap: normal;
  }
  .map td.zero {
    color: var(--vscode-descriptionForeground);
  }
  .map thead td {
    border: none;
  }
  .link {
    font-family: var(--code-font);
  }
  @media (max-width: 900px) {
    :host {
      grid-template-columns: minmax(0, 1fr);
    }
  }
`;
