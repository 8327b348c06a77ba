import { css } from 'lit';

export const appStyles = css`
  :host {
    display: flex;
    flex-direction: column;
    width: 100%;
    height: 100%;
    min-height: 0;
  }
  .message {
    margin: auto;
    padding: 24px;
    max-width: 640px;
    text-align: center;
    overflow-wrap: anywhere;
  }
  .message h1 {
    margin: 0 0 10px;
    white-space: normal;
  }
  .message p {
    margin: 0 0 10px;
  }
  .later {
    color: var(--vscode-descriptionForeground);
  }
  .message vscode-progress-ring {
    margin: 0 auto 12px;
  }
`;
