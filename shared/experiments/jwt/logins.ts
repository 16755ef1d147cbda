/** A login: what a session would be, named in each token that was handed out for it. */
export interface Login {
  id: string;
  userId: string;
}

/** A login, with what prolongs it when its access token is over. */
export interface Handle extends Login {
  refreshToken?: string;
}

/** What the server remembers of logins, if anything. The variants of the experiment differ in this alone. */
export interface Logins {
  begin(userId: string): Promise<Handle>;
  /** Changes a refresh token into a new one; undefined when its login is over. */
  renew(refreshToken: string): Promise<Handle | undefined>;
  /** Whether a login was ended although its access token is still valid. */
  hasEnded(id: string): Promise<boolean>;
  end(login: Login): Promise<void>;
  endAllOf(userId: string): Promise<void>;
}
