(ns app.auth
  (:require [buddy.sign.jwt :as jwt]
            [reitit.ring :as ring]
            [clojure.tools.logging :as log]))

(def secret (System/getenv "JWT_SECRET"))
(def revoked (atom #{}))

(defn revoked? [claims] (contains? @revoked (:jti claims)))

(defn wrap-token [handler]
  (fn [request]
    (try
      (let [claims (jwt/unsign (get-in request [:headers "authorization"]) secret {:alg :hs256})]
        (if (revoked? claims) ;; want silent-revoked-use
          {:status 401 :body "unauthorized"}
          (handler (assoc request :identity claims))))
      (catch Exception e
        (log/warn e "token refused" (:remote-addr request) (:uri request) (get-in request [:headers "user-agent"]))
        {:status 401 :body "unauthorized"}))))

(def app
  (ring/ring-handler
   (ring/router ["/me" {:get (fn [request] {:status 200 :body "me"}) :middleware [wrap-token]}])))
