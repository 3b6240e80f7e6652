(ns app.core
  (:require [buddy.sign.jwt :as jwt]
            [compojure.core :refer [defroutes GET]]
            [taoensso.timbre :as log]))

(def secret (System/getenv "JWT_SECRET"))

(defn me [request]
  (let [token (get-in request [:headers "authorization"])]
    (try
      {:status 200 :body (jwt/unsign token secret {:alg :hs256})}
      (catch Exception e
        (log/warn "refused" token (ex-message e)) ;; want token-in-log
        {:status 401 :body "unauthorized"}))))

(defroutes routes (GET "/me" request (me request)))
